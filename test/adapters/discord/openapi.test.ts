import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { commandsFor } from "../../../adapters/discord/commands.ts";
import type { Post } from "../../../src/platform.ts";
import { eventually, recordingDesk } from "../../contracts/platform.ts";
import { openApiPath, readOpenApi } from "../../doubles/discord-server/openapi.ts";
import type { Call } from "../../doubles/discord-server/rest.ts";
import { createSetting, type Setting } from "./setting.ts";

const path = openApiPath();
if (!path)
  console.warn(
    "skipped: Discord's OpenAPI document is not here (DESKHAND_SHARED/schemas/discord-openapi.json)",
  );

describe.skipIf(!path)("what the bot sends, judged by Discord's own document", () => {
  const openApi = readOpenApiOnce();
  let world: Setting;
  beforeEach(async () => {
    world = await createSetting();
  });
  afterEach(() => world.dispose());

  function readOpenApiOnce(): ReturnType<typeof readOpenApi> {
    return path ? readOpenApi(path) : { faultsOf: () => [] };
  }
  const call = (method: string, at: string, body: object): Call => ({
    method,
    path: at,
    query: new URLSearchParams(),
    body: body as Call["body"],
    files: [],
    headers: {},
    authorized: true,
    at: 0,
  });

  it("notices a wrong body, an unknown field and a call that does not exist", () => {
    expect(openApi.faultsOf(call("POST", "/channels/1/messages", { content: 7 }))).not.toEqual([]);
    expect(openApi.faultsOf(call("POST", "/channels/1/messages", { contents: "x" }))).not.toEqual([]);
    expect(openApi.faultsOf(call("POST", "/channels/1/letters", {}))).not.toEqual([]);
    expect(openApi.faultsOf(call("POST", "/channels/1/messages", { content: "x" }))).toEqual([]);
  });

  it("has commands that Discord would register", () => {
    for (const commands of [commandsFor("global", []), commandsFor("global", ["1"])]) {
      expect(openApi.faultsOf(call("PUT", "/applications/1/commands", commands))).toEqual([]);
    }
    expect(
      openApi.faultsOf(call("PUT", "/applications/1/guilds/1/commands", commandsFor("guild", ["1"]))),
    ).toEqual([]);
  });

  it("is right in every call of a day at the desk", async () => {
    const { server, support, desk, general, staff, adapter } = world;
    const platform = adapter();
    const recorder = recordingDesk();
    await platform.connect(recorder);
    const [ana, maya] = [server.asUser("Ana"), staff("Maya")];
    ana.dm("hello");
    const question = ana.say(support, "How do I export?");
    await eventually(() => expect(recorder.received).toHaveLength(2));
    const [dm, shared] = recorder.received.map((one) => (one.kind === "message" ? one.message : undefined));
    if (!dm || !shared) throw new Error("two messages");
    const card: Post = {
      text: "Ticket #7",
      card: {
        title: "Ticket #7",
        facts: [{ label: "Priority", value: "high" }],
        sections: [{ label: "Ask", text: "money" }],
        footer: "Waiting",
      },
      buttons: [
        { label: "Take", action: "ticket.take", value: "7", style: "primary" },
        { label: "Deny", action: "deny", value: "7", style: "danger", ask: { title: "Deny", label: "Why?" } },
      ],
      menus: [{ label: "Transfer", action: "transfer", options: [{ label: "Bob", value: "bob" }] }],
    };
    const posted = await platform.post({ channel: `discord:${desk.id}` }, card, "o_1");
    await platform.edit?.(posted.id, { ...card, buttons: [] });
    await platform.working?.(shared.thread, "thinking");
    const answer = await platform.post(
      { thread: shared.thread },
      {
        text: "Like [this](https://docs.test).",
        sources: [{ title: "Export" }],
        feedback: "t_1",
        as: "Maya",
      },
      "o_2",
    );
    await platform.post({ thread: dm.thread }, { text: "word ".repeat(1000), replyTo: dm.id }, "o_3");
    await platform.mark?.(dm.id, "sent", true);
    await platform.mark?.(dm.id, "sent", false);
    const draft = platform.draft?.({ thread: dm.thread }, "o_4");
    draft?.append("growing");
    await eventually(() => expect(draft?.shown).toBe(true));
    await draft?.finish({ text: "grown" });
    await platform.find?.({ thread: dm.thread }, "o_5");
    await platform.remove?.(answer.id);
    ana.closeDms();
    await platform.post({ thread: dm.thread }, { text: "closed" }, "o_6").catch(() => undefined);
    await platform.direct?.(dm.author, shared.thread);
    await platform.belongs?.(`discord:0:${maya.id}`, `discord:${desk.id}`);
    await platform.person?.(dm.author.id);
    await platform.examine?.();

    const take = maya.command(general, "support", "take", { ticket: "7" });
    await server.waitFor(() => take.answered, "an answer");
    const command = recorder.received.find((one) => one.kind === "command");
    await platform.answer?.(command?.kind === "command" ? command.interaction : "", { text: "Yours." });
    await platform.answer?.(command?.kind === "command" ? command.interaction : "", { text: "And more." });
    maya.types(general, "support", "take", "ticket", "7");
    await platform.edit?.(posted.id, card);
    const deny = maya.click("Deny");
    await server.waitFor(() => deny.modal, "a modal");
    const submitted = maya.submitModal(deny, "because");
    await server.waitFor(() => submitted.answered, "an answer");
    const pressed = maya.click("Take");
    await server.waitFor(() => pressed.answered, "an answer");

    expect(server.threadsOf(support).map((one) => one.id)).toContain(question.id);
    const faults = server.rest.calls.flatMap(openApi.faultsOf);
    expect(faults).toEqual([]);
    expect(server.rest.calls.length).toBeGreaterThan(30);
  });
});
