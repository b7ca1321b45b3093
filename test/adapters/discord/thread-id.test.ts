import { describe, expect, it } from "vitest";
import {
  channelIdOf,
  compareSnowflakes,
  messageIdOf,
  orderOf,
  parseChannelId,
  parseMessageId,
  parseThreadId,
  parseUserId,
  snowflakeAt,
  threadIdOf,
  timeOfSnowflake,
  userIdOf,
} from "../../../adapters/discord/thread-id.ts";
import { codeOf } from "../../../src/errors.ts";

describe("ids of Discord", () => {
  it("reads back what it has written", () => {
    expect(parseChannelId(channelIdOf("41"))).toBe("41");
    expect(parseThreadId(threadIdOf("41", "42"))).toEqual({ parent: "41", thread: "42", direct: false });
    expect(parseThreadId(threadIdOf("@me", "42"))).toEqual({ parent: "@me", thread: "42", direct: true });
    expect(parseMessageId(messageIdOf("41", "43"))).toEqual({ channel: "41", message: "43" });
    expect(parseUserId(userIdOf("80351110224678912"))).toBe("80351110224678912");
  });

  it("takes DESK_CHANNEL as it is configured for the channel's id", () => {
    expect(channelIdOf("123")).toBe("discord:123");
  });

  it("refuses the ids of another platform or kind", () => {
    for (const id of ["slack:T1:C2", "discord:1:2:3", "discord:x", "", "discord:1/../2"]) {
      for (const parse of [parseChannelId, parseThreadId, parseMessageId, parseUserId]) {
        let code: unknown;
        try {
          parse(id);
        } catch (error) {
          code = codeOf(error);
        }
        expect(code).toBe("platform_refused");
      }
    }
  });

  it("orders ids of different lengths as numbers, and as strings once padded", () => {
    const ids = ["9", "10", "99999999999999999", "175928847299117063"];
    expect([...ids].reverse().sort(compareSnowflakes)).toEqual(ids);
    expect([...ids].reverse().sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1))).toEqual(ids);
  });

  it("knows when an id was given out", () => {
    expect(timeOfSnowflake("175928847299117063")).toBe(1_462_015_105_796);
    expect(timeOfSnowflake(snowflakeAt(1_700_000_000_123))).toBe(1_700_000_000_123);
    expect(snowflakeAt(0)).toBe("0");
  });
});
