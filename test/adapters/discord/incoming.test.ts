import { describe, expect, it } from "vitest";
import {
  deletionIn,
  editIn,
  messageIn,
  type RawMessage,
  reactionIn,
} from "../../../adapters/discord/incoming.ts";
import { type Place, placeOf, type Scope } from "../../../adapters/discord/place.ts";
import type { Incoming, Message } from "../../../src/message.ts";

const self = "1";
const scope: Scope = {
  self,
  guilds: new Set(),
  support: new Set(["10", "15"]),
  desk: "20",
  isBotRole: (role) => role === "77",
  knows: (message) => message === "555",
};
const names = { channel: () => "general", role: () => "Support" };
const guild = "9";
const places = {
  direct: placeOf({ id: "5", type: 1 }),
  support: placeOf({ id: "10", type: 0, name: "help" }, guild),
  supportThread: placeOf({ id: "100", type: 11, name: "A question", parent_id: "10", owner_id: self }, guild),
  post: placeOf({ id: "150", type: 11, name: "Export fails", parent_id: "15", owner_id: "2" }, guild),
  desk: placeOf({ id: "20", type: 0, name: "desk" }, guild),
  deskThread: placeOf({ id: "200", type: 11, name: "Ticket #7", parent_id: "20", owner_id: self }, guild),
  general: placeOf({ id: "30", type: 0, name: "general" }, guild),
  botThread: placeOf({ id: "300", type: 11, name: "A mention", parent_id: "30", owner_id: self }, guild),
  otherThread: placeOf({ id: "301", type: 11, name: "Theirs", parent_id: "30", owner_id: "2" }, guild),
  private: placeOf({ id: "302", type: 12, name: "Private", parent_id: "10", owner_id: self }, guild),
  voice: placeOf({ id: "40", type: 2, name: "Voice" }, guild),
};

function raw(place: Place, change: Partial<RawMessage> = {}): RawMessage {
  return {
    id: "1000",
    channel_id: place.id,
    content: "Where is my order?",
    timestamp: "2024-05-01T10:00:00.000000+00:00",
    author: { id: "2", username: "ana", global_name: "Ana" } as never,
    type: 0,
    ...change,
  };
}
const hear = (place: Place, change?: Partial<RawMessage>, within = scope): Message | undefined => {
  const incoming = messageIn(raw(place, change), { place, scope: within, names });
  return incoming?.kind === "message" ? incoming.message : undefined;
};
const mention = { mentions: [{ id: self, username: "deskhand" } as never] };

describe("a message on Discord", () => {
  it("in a DM is private and said to the bot", () => {
    expect(messageIn(raw(places.direct), { place: places.direct, scope, names })).toEqual({
      kind: "message",
      keys: ["discord:5:1000"],
      message: {
        id: "discord:5:1000",
        thread: "discord:@me:5",
        channel: "discord:5",
        author: { id: "discord:0:2", tenant: "0", name: "Ana" },
        text: "Where is my order?",
        sentAt: Date.parse("2024-05-01T10:00:00Z"),
        order: "00000000000000001000",
        visibility: "private",
        addressed: true,
        files: [],
      },
    } satisfies Incoming);
  });

  it("in a support channel opens a thread of its own", () => {
    expect(hear(places.support)).toMatchObject({
      thread: "discord:10:1000",
      channel: "discord:10",
      visibility: "shared",
      addressed: true,
    });
  });

  it("in a thread of a support channel belongs to it, whoever opened it", () => {
    expect(hear(places.supportThread)).toMatchObject({
      thread: "discord:10:100",
      channel: "discord:10",
      addressed: true,
    });
  });

  it("that opens a forum post carries the post's title", () => {
    expect(hear(places.post, { id: "150" })).toMatchObject({
      thread: "discord:15:150",
      text: "Export fails\n\nWhere is my order?",
    });
    expect(hear(places.post)?.text).toBe("Where is my order?");
  });

  it("in the desk's channel is staff's own, and not said to the bot", () => {
    expect(hear(places.desk)).toMatchObject({
      thread: "discord:20:1000",
      channel: "discord:20",
      addressed: false,
    });
    expect(hear(places.deskThread)).toMatchObject({
      thread: "discord:20:200",
      channel: "discord:20",
      addressed: false,
    });
  });

  it("elsewhere is heard when the bot, or its role, is mentioned", () => {
    expect(hear(places.general)).toBeUndefined();
    expect(hear(places.general, mention)).toMatchObject({
      thread: "discord:30:1000",
      addressed: true,
      visibility: "shared",
    });
    expect(hear(places.general, { mention_roles: ["77"] })?.addressed).toBe(true);
    expect(hear(places.otherThread)).toBeUndefined();
    expect(hear(places.otherThread, mention)?.thread).toBe("discord:30:301");
    expect(hear(places.voice, mention)).toBeUndefined();
  });

  it("is heard without a mention in a thread that the bot opened", () => {
    expect(hear(places.botThread)).toMatchObject({ thread: "discord:30:300", addressed: true });
  });

  it("is private in a private thread that the bot opened, and in no other one", () => {
    expect(hear(places.private)?.visibility).toBe("private");
    expect(hear({ ...places.private, owner: "2" })?.visibility).toBe("shared");
  });

  it("is not heard in a guild that is not configured", () => {
    const narrow = { ...scope, guilds: new Set(["8"]) };
    expect(hear(places.general, mention, narrow)).toBeUndefined();
    expect(hear(places.support, {}, narrow)).toBeDefined();
  });

  it("is dropped when a program or Discord itself wrote it", () => {
    expect(hear(places.direct, { author: { id: "3", username: "x", bot: true } as never })).toBeUndefined();
    expect(
      hear(places.direct, { author: { id: "3", username: "x", system: true } as never }),
    ).toBeUndefined();
    expect(hear(places.direct, { webhook_id: "4" })).toBeUndefined();
    for (const type of [3, 6, 7, 18, 21])
      expect(hear(places.direct, { type: type as never })).toBeUndefined();
  });

  it("is dropped when it says nothing", () => {
    expect(hear(places.support, { content: "" })).toBeUndefined();
    expect(hear(places.general, { content: `<@${self}>`, ...mention })?.text).toBe("");
  });

  it("knows the message it replies to", () => {
    const reply = { type: 19 as never, message_reference: { message_id: "900", channel_id: "5" } as never };
    expect(hear(places.direct, reply)?.replyTo).toBe("discord:5:900");
    expect(hear(places.direct, { ...reply, type: 0 })?.replyTo).toBeUndefined();
  });

  it("belongs to the thread of the question it replies to in a support channel", () => {
    const reply = {
      type: 19 as never,
      message_reference: { message_id: "900", channel_id: "10" } as never,
    };
    expect(hear(places.support, { ...reply, referenced_message: { flags: 32 } as never })?.thread).toBe(
      "discord:10:900",
    );
    expect(hear(places.support, { ...reply, referenced_message: { flags: 0 } as never })?.thread).toBe(
      "discord:10:1000",
    );
  });

  it("brings its files, and says which are recorded voices", () => {
    const attachments = [
      {
        id: "70",
        filename: "a.png",
        size: 12,
        url: "https://cdn.test/a",
        content_type: "image/png; charset=x",
      } as never,
    ];
    expect(hear(places.direct, { content: "", attachments })?.files).toEqual([
      { id: "70", name: "a.png", mediaType: "image/png", bytes: 12, source: "https://cdn.test/a" },
    ]);
    expect(hear(places.direct, { content: "", attachments, flags: 1 << 13 })?.files[0]?.voice).toBe(true);
  });

  it("brings forwarded words and stickers as text", () => {
    const forwarded = { content: "", message_snapshots: [{ message: { content: "one\ntwo" } }] as never };
    expect(hear(places.direct, forwarded)?.text).toBe("> one\n> two");
    expect(hear(places.direct, { content: "", sticker_items: [{ name: "wave" }] as never })?.text).toBe(
      "(sticker: wave)",
    );
  });

  it("brings forwarded files, and says that something was forwarded where nothing of it can be read", () => {
    const file = (id: string) => ({
      id,
      filename: `${id}.ogg`,
      size: 12,
      url: `https://cdn.test/${id}`,
      content_type: "audio/ogg",
    });
    const forward = (...messages: object[]) =>
      hear(places.direct, {
        content: "",
        message_snapshots: messages.map((message) => ({ message })) as never,
      });
    const forwarded = forward({ content: "", attachments: [file("70")] });
    expect(forwarded).toMatchObject({ text: "", files: [{ id: "70", source: "https://cdn.test/70" }] });
    const voices = forward({ attachments: [file("71")], flags: 1 << 13 }, { attachments: [file("72")] });
    expect(voices?.files.map((one) => [one.id, one.voice])).toEqual([
      ["71", true],
      ["72", undefined],
    ]);
    expect(forward({ content: "", sticker_items: [{ name: "wave" }] })?.text).toBe("(sticker: wave)");
    expect(forward({ content: "", embeds: [{ title: "A card" }] })?.text).toBe("(forwarded message)");
    expect(
      hear(places.direct, {
        content: "See this",
        attachments: [file("73")] as never,
        message_snapshots: [{ message: { content: "words", attachments: [file("74")] } }] as never,
      }),
    ).toMatchObject({ text: "See this\n\n> words", files: [{ id: "73" }, { id: "74" }] });
  });

  it("prefers the name a person has in the guild", () => {
    expect(hear(places.support, { member: { nick: "Ana from ACME\u202e" } })?.author.name).toBe(
      "Ana from ACME",
    );
  });

  it("survives servers that leave out everything that is empty", () => {
    const bare = { id: "1000", channel_id: "5", content: "hi", author: { id: "2" } as never };
    expect(messageIn(bare, { place: places.direct, scope, names })).toMatchObject({
      message: { text: "hi" },
    });
  });
});

describe("what happens to a message", () => {
  const around = (place: Place) => ({ place, scope, names });

  it("is an edit when its words were edited, under a key for each version", () => {
    const edited = raw(places.support, { content: "better", edited_timestamp: "2024-05-01T10:01:00+00:00" });
    expect(editIn(edited, around(places.support))).toMatchObject({
      kind: "edit",
      keys: ["discord:10:1000:edit:2024-05-01T10:01:00+00:00"],
      message: { text: "better", thread: "discord:10:1000" },
    });
    expect(editIn(raw(places.support, { edited_timestamp: null }), around(places.support))).toBeUndefined();
  });

  it("is a deletion where the bot listens, or of what was said to it", () => {
    expect(deletionIn({ id: "1000", channel_id: "10" }, around(places.support))).toEqual({
      kind: "deletion",
      keys: ["discord:10:1000:deletion"],
      message: "discord:10:1000",
      thread: "discord:10:1000",
      channel: "discord:10",
    });
    expect(deletionIn({ id: "1000", channel_id: "30" }, around(places.general))).toBeUndefined();
    expect(deletionIn({ id: "555", channel_id: "30" }, around(places.general))).toBeDefined();
  });

  it("is a reaction by a person", () => {
    const reaction = {
      user_id: "2",
      channel_id: "100",
      message_id: "1000",
      emoji: { id: null, name: "👍" },
    } as never;
    expect(reactionIn(reaction, true, "7", "Ana", around(places.supportThread))).toMatchObject({
      kind: "reaction",
      message: "discord:100:1000",
      thread: "discord:10:100",
      by: { id: "discord:0:2", name: "Ana" },
      emoji: "👍",
      added: true,
    });
    const custom = { ...(reaction as object), emoji: { id: "1", name: "party" } } as never;
    expect(reactionIn(custom, false, "8", undefined, around(places.supportThread))).toMatchObject({
      emoji: ":party:",
    });
    const own = { ...(reaction as object), user_id: self } as never;
    expect(reactionIn(own, true, "9", undefined, around(places.supportThread))).toBeUndefined();
  });
});
