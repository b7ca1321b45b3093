import { describe, expect, it } from "vitest";
import { incomingFrom, type Where } from "../../../adapters/slack/incoming.ts";
import { interactionFrom } from "../../../adapters/slack/interaction.ts";
import type { Json } from "../../../adapters/slack/payload.ts";
import type { Incoming } from "../../../src/message.ts";

const where: Where = { team: "T1", bot: "UBOT", supportChannels: new Set(["C1"]), deskChannel: "C2" };
const who = (user: string) => ({ id: `slack:T1:${user}`, tenant: "T1", name: `Name ${user}` });
const from = (event: Json, id = "Ev1") =>
  incomingFrom({ type: "event_callback", team_id: "T1", event_id: id, event }, where, who);
const said = (more: Json): Json => ({
  type: "message",
  channel: "C1",
  channel_type: "channel",
  user: "U1",
  text: "hello",
  ts: "1712.000100",
  client_msg_id: "m-1",
  ...more,
});
const message = (more: Json = {}) => {
  const incoming = from(said(more));
  return incoming?.kind === "message" ? incoming.message : undefined;
};

describe("messages", () => {
  it("have all three keys under which they can come again, the message's own first", () => {
    expect(from(said({}))?.keys).toEqual([
      "slack:T1:C1:1712.000100",
      "slack:event:Ev1",
      "slack:client:T1:m-1",
    ]);
  });

  it("are the same whether they come as a message or as a mention", () => {
    const text = "<@UBOT> help";
    const plain = from(said({ text }));
    const mention = from(said({ text, type: "app_mention" }), "Ev2");
    expect(mention?.keys[0]).toBe(plain?.keys[0]);
    expect(mention).toMatchObject({ kind: "message", message: { text: "help", addressed: true } });
  });

  it("open a thread at the top of a support channel, and go on in it", () => {
    expect(message()).toMatchObject({
      thread: "slack:T1:C1:1712.000100",
      visibility: "shared",
      addressed: true,
      sentAt: 1_712_000,
      order: "1712.000100",
    });
    expect(message({ ts: "1713.000200", thread_ts: "1712.000100" })?.thread).toBe("slack:T1:C1:1712.000100");
    expect(
      message({ ts: "1713.000200", thread_ts: "1712.000100", subtype: "thread_broadcast" })?.thread,
    ).toBe("slack:T1:C1:1712.000100");
  });

  it("are private in a direct message, whose channel is one long thread", () => {
    const direct = { channel: "D1", channel_type: "im" };
    expect(message(direct)).toMatchObject({ thread: "slack:T1:D1", visibility: "private", addressed: true });
    expect(message({ ...direct, thread_ts: "1700.1" })?.thread).toBe("slack:T1:D1:1700.1");
  });

  it("elsewhere count when the bot is mentioned, or when they may go on with something", () => {
    expect(message({ channel: "C3" })).toBeUndefined();
    expect(message({ channel: "C3", text: "<@UBOT> hi" })?.addressed).toBe(true);
    expect(message({ channel: "C3", thread_ts: "1700.1" })?.addressed).toBe(false);
    expect(message({ channel: "C3", thread_ts: "1712.000100" })).toBeUndefined();
    expect(message({ channel: "C2" })).toMatchObject({ addressed: false, visibility: "shared" });
  });

  it("of bots, of the bot itself and of Slack are dropped", () => {
    for (const more of [
      { bot_id: "B1" },
      { bot_profile: { id: "B1" } },
      { user: "UBOT" },
      { user: "USLACKBOT" },
      { subtype: "bot_message" },
      { subtype: "channel_join" },
      { subtype: "assistant_app_thread" },
      { subtype: "message_replied" },
      { user: undefined },
    ]) {
      expect(message(more), JSON.stringify(more)).toBeUndefined();
    }
  });

  it("bring their files, recordings marked as such", () => {
    const files = [
      {
        id: "F1",
        name: "a.png",
        mimetype: "image/png",
        size: 5,
        url_private_download: "https://files.slack.com/a",
      },
      {
        id: "F2",
        name: "clip.m4a",
        mimetype: "audio/mp4",
        subtype: "slack_audio",
        size: 9,
        url_private: "https://files.slack.com/b",
      },
      { id: "F3", mode: "tombstone" },
      "nonsense",
    ];
    expect(message({ subtype: "file_share", text: "", files })).toMatchObject({
      text: "",
      files: [
        {
          id: "slack:T1:F1",
          name: "a.png",
          mediaType: "image/png",
          bytes: 5,
          source: "https://files.slack.com/a",
        },
        { id: "slack:T1:F2", voice: true, source: "https://files.slack.com/b" },
      ],
    });
  });

  it("quote what was forwarded into them", () => {
    const attachments = [{ is_share: true, text: "it broke\nagain" }, { text: "a preview" }];
    expect(message({ text: "see", attachments })?.text).toBe("see\n> it broke\n> again");
  });

  it("are not meant for the bot because one that was forwarded into them is", () => {
    const attachments = [{ is_share: true, text: "<@UBOT> where is my order?" }];
    expect(from(said({ channel: "C9", text: "what about this?", attachments }))).toBeUndefined();
    expect(message({ channel: "C9", text: "<@UBOT> please look", attachments })?.addressed).toBe(true);
  });
});

describe("changes", () => {
  const change = (now: Json, before: Json | undefined, more: Json = {}) =>
    from({
      type: "message",
      subtype: "message_changed",
      channel: "C1",
      ts: "1720.1",
      event_ts: "1720.1",
      message: { user: "U1", ts: "1712.000100", ...now },
      ...(before ? { previous_message: { user: "U1", ts: "1712.000100", ...before } } : {}),
      ...more,
    });

  it("of the text are edits of the same message, each with a key of its own", () => {
    const first = change({ text: "b", edited: { ts: "1720.1" } }, { text: "a" });
    const second = change({ text: "c", edited: { ts: "1721.1" } }, { text: "b" });
    expect(first).toMatchObject({ kind: "edit", message: { id: "slack:T1:C1:1712.000100", text: "b" } });
    expect(first?.keys[0]).not.toBe(second?.keys[0]);
    expect(first?.keys).not.toContain("slack:T1:C1:1712.000100");
    const third = change({ text: "d", edited: { ts: "1720.1" } }, { text: "c" }, { event_ts: "1720.2" });
    expect(third?.keys[0]).not.toBe(first?.keys[0]);
  });

  it("that only resolve a preview are nothing", () => {
    expect(change({ text: "a", attachments: [{}] }, { text: "a" })).toBeUndefined();
    expect(change({ text: "a" }, undefined)).toBeUndefined();
    expect(change({ text: "a", edited: { ts: "1720.1" } }, undefined)?.kind).toBe("edit");
  });

  it("of top messages in places that are none of the desk's are nothing; in the desk's channel they are edits", () => {
    const edited = (channel: string, now: Json, here: Where = where) => {
      const message = { user: "U1", ts: "1712.000100", text: "b", ...now };
      const previous_message = { ...message, text: "a" };
      const event = {
        type: "message",
        subtype: "message_changed",
        channel,
        ts: "1720.1",
        message,
        previous_message,
      };
      return incomingFrom({ type: "event_callback", team_id: here.team, event_id: "Ev1", event }, here, who)
        ?.kind;
    };
    const elsewhere: Where = { team: "T2", bot: "UBOT", supportChannels: new Set() };
    for (const here of [where, elsewhere]) {
      expect(edited("C3", {}, here), here.team).toBeUndefined();
      // There are answers below it.
      expect(edited("C3", { thread_ts: "1712.000100" }, here), here.team).toBeUndefined();
      expect(edited("C3", { text: "<@UBOT> b" }, here), here.team).toBe("edit");
      expect(edited("C3", { thread_ts: "1700.1" }, here), here.team).toBe("edit");
    }
    // The bot is no longer mentioned; the desk has the message.
    const before = { user: "U1", ts: "1712.000100", text: "<@UBOT> a" };
    expect(change({ text: "never mind" }, before, { channel: "C3" })?.kind).toBe("edit");
    expect(edited("C1", {})).toBe("edit");
    expect(edited("C2", {})).toBe("edit");
  });

  it("of the bot's own messages are nothing", () => {
    expect(change({ text: "b", bot_id: "B1", user: "UBOT" }, { text: "a" })).toBeUndefined();
  });

  it("into a tombstone, and deletions, say which message is gone and where", () => {
    const deletion = { kind: "deletion", message: "slack:T1:C1:1712.000100", thread: "slack:T1:C1:1700.1" };
    expect(
      from({
        type: "message",
        subtype: "message_deleted",
        channel: "C1",
        deleted_ts: "1712.000100",
        previous_message: { user: "U1", ts: "1712.000100", thread_ts: "1700.1" },
      }),
    ).toMatchObject(deletion);
    expect(change({ subtype: "tombstone" }, { text: "a", thread_ts: "1700.1" })).toMatchObject(deletion);
  });
});

describe("other events", () => {
  it("reactions name the emoji by its character", () => {
    const item = { type: "message", channel: "C1", ts: "1712.1" };
    expect(from({ type: "reaction_added", user: "U1", reaction: "+1", item, event_ts: "9.1" })).toMatchObject(
      {
        kind: "reaction",
        emoji: "👍",
        added: true,
        message: "slack:T1:C1:1712.1",
      },
    );
    expect(from({ type: "reaction_removed", user: "U1", reaction: "party_parrot", item })).toMatchObject({
      emoji: ":party_parrot:",
      added: false,
    });
    expect(from({ type: "reaction_added", user: "UBOT", reaction: "eyes", item })).toBeUndefined();
    expect(
      from({ type: "reaction_added", user: "U1", reaction: "eyes", item: { type: "file" } }),
    ).toBeUndefined();
  });

  it("an opened home page is told, another tab is not", () => {
    expect(from({ type: "app_home_opened", user: "U1", channel: "D1", tab: "home" })?.kind).toBe("home");
    expect(from({ type: "app_home_opened", user: "U1", channel: "D1", tab: "messages" })).toBeUndefined();
  });

  it("trouble is told where it concerns the desk", () => {
    expect(from({ type: "channel_left", channel: "C1" })).toMatchObject({
      kind: "trouble",
      code: "channel_left",
      channel: "slack:T1:C1",
      text: "The bot was removed from the desk's channel C1. Invite it again.",
    });
    expect(from({ type: "group_archive", channel: "C2" })?.kind).toBe("trouble");
    expect(from({ type: "channel_left", channel: "C3" })).toBeUndefined();
    expect(from({ type: "app_uninstalled" })).toMatchObject({
      kind: "trouble",
      text: "The app was removed from the Slack workspace T1. Install it again.",
    });
    expect(from({ type: "tokens_revoked", tokens: { bot: ["UBOT"] } })?.kind).toBe("trouble");
    expect(from({ type: "tokens_revoked", tokens: { oauth: ["U1"], bot: [] } })).toBeUndefined();
    expect(from({ type: "team_join", user: { id: "U5" } })).toBeUndefined();
  });

  it("whatever else comes is nothing, and no crash", () => {
    for (const event of [
      undefined,
      null,
      5,
      "x",
      [],
      {},
      { type: 5 },
      { type: "message" },
      said({ ts: 5 }),
      said({ channel: {} }),
    ]) {
      expect(incomingFrom({ event } as Json, where, who)).toBeUndefined();
    }
  });
});

describe("interactions", () => {
  const spot = {
    user: { id: "U1" },
    channel: { id: "C2" },
    container: { message_ts: "1712.1", channel_id: "C2" },
    message: { ts: "1712.1", thread_ts: "1700.1" },
  };
  const press = (action: Json, more: Json = {}) =>
    interactionFrom(
      {
        type: "block_actions",
        trigger_id: "t1",
        response_url: "https://hooks.slack.com/x",
        ...spot,
        actions: [{ action_ts: "9.1", ...action }],
        ...more,
      },
      where,
      who,
      "i1",
    );
  const incomingOf = (found: ReturnType<typeof press>): Incoming | undefined =>
    found.kind === "incoming" ? found.incoming : undefined;

  it("a pressed button gives its name and value back", () => {
    expect(incomingOf(press({ action_id: "do:0:take", value: "7" }))).toMatchObject({
      kind: "action",
      name: "take",
      value: "7",
      interaction: "i1",
      thread: "slack:T1:C2:1700.1",
      message: "slack:T1:C2:1712.1",
    });
  });

  it("the same press has the same key, another press another", () => {
    const key = (action: Json) =>
      incomingOf(press({ action_id: "do:0:take", value: "7", ...action }))?.keys[0];
    expect(key({})).toBe(key({}));
    expect(key({ action_ts: "9.2" })).not.toBe(key({}));
  });

  it("a chosen option gives its value", () => {
    expect(
      incomingOf(press({ action_id: "pick:1:transfer", selected_option: { value: "billing" } })),
    ).toMatchObject({
      name: "transfer",
      value: "billing",
    });
  });

  it("a button that asks opens a modal, whose text comes back with the button's value", () => {
    const value = JSON.stringify({ value: "in_1", title: "Deny", label: "Why?" });
    const asked = press({ action_id: "ask:0:deny", value });
    expect(asked).toMatchObject({ kind: "ask", trigger: "t1", title: "Deny", label: "Why?" });
    if (asked.kind !== "ask") throw new Error("no modal");
    const view = {
      id: "V1",
      callback_id: "ask",
      private_metadata: asked.returns,
      state: { values: { reason: { reason: { value: "too late" } } } },
    };
    const submitted = interactionFrom(
      { type: "view_submission", user: { id: "U1" }, view },
      where,
      who,
      "i2",
    );
    expect(incomingOf(submitted)).toMatchObject({
      name: "deny",
      value: "in_1",
      reason: "too late",
      message: "slack:T1:C2:1712.1",
      thread: "slack:T1:C2:1700.1",
    });
  });

  it("a command and a message shortcut are commands", () => {
    const command = {
      command: "/support",
      text: " take 7 ",
      user_id: "U2",
      channel_id: "C2",
      trigger_id: "t1",
    };
    expect(incomingOf(interactionFrom(command, where, who, "i1"))).toMatchObject({
      kind: "command",
      name: "support",
      text: "take 7",
      channel: "slack:T1:C2",
    });
    const shortcut = {
      type: "message_action",
      callback_id: "open_ticket",
      action_ts: "9.1",
      user: { id: "U2" },
      channel: { id: "C3" },
      message_ts: "5.1",
      message: { user: "U1", ts: "5.1", text: "help" },
    };
    expect(incomingOf(interactionFrom(shortcut, where, who, "i1"))).toMatchObject({
      kind: "command",
      name: "open_ticket",
      about: { id: "slack:T1:C3:5.1", text: "help", author: { id: "slack:T1:U1" } },
    });
  });

  it("forged, foreign and broken ones are ignored", () => {
    const broken: Json[] = [
      { type: "block_actions" },
      { type: "block_actions", ...spot, actions: [{ action_id: "other", value: "x" }] },
      { type: "block_actions", ...spot, actions: [{ action_id: `do:0:${"x".repeat(500)}` }] },
      {
        type: "block_actions",
        ...spot,
        trigger_id: "t1",
        actions: [{ action_id: "ask:0:deny", value: "{not json" }],
      },
      {
        type: "block_actions",
        ...spot,
        trigger_id: "t1",
        actions: [{ action_id: "ask:0:deny", value: '{"title":5}' }],
      },
      {
        type: "view_submission",
        user: { id: "U1" },
        view: { id: "V1", callback_id: "ask", private_metadata: "x" },
      },
      { type: "view_submission", user: { id: "U1" }, view: { id: "V1", callback_id: "other" } },
      { type: "message_action", callback_id: "open_ticket" },
      { type: "dialog_submission" },
      { command: "/support" },
      {},
    ];
    for (const body of broken)
      expect(interactionFrom(body, where, who, "i1").kind, JSON.stringify(body)).toBe("ignored");
  });
});
