/** Files from people of other companies: a message in a shared channel only names them. */
import { afterEach, describe, expect, it } from "vitest";
import type { FileRef, Incoming } from "../../../src/message.ts";
import { openDesk, type SlackDesk } from "./harness.ts";

const open: SlackDesk[] = [];
async function start(): Promise<SlackDesk> {
  const desk = await openDesk({ ackTimeoutMs: 3_000, retryDelaysMs: [0] });
  open.push(desk);
  return desk;
}
afterEach(async () => {
  for (const desk of open.splice(0)) await desk.close();
});

const invoice = { name: "invoice.pdf", mimetype: "application/pdf", content: Buffer.from("what is owed") };
const clip = {
  name: "clip.m4a",
  mimetype: "audio/mp4",
  subtype: "slack_audio",
  content: Buffer.from("hello"),
};
const filesOf = (received: readonly Incoming[]): FileRef[] =>
  received.flatMap((one) => {
    if (one.kind === "message") return one.message.files;
    return one.kind === "command" ? (one.about?.files ?? []) : [];
  });

describe("the files of somebody from another company", () => {
  it("come as what they are, and can be fetched", async () => {
    const { slack, platform, desk } = await start();
    await slack.asUser("U3").say("C1", "see", { files: [invoice, clip] });
    const [first, second] = filesOf(desk.received);
    expect(first).toMatchObject({ name: "invoice.pdf", mediaType: "application/pdf", bytes: 12 });
    expect(first).not.toHaveProperty("voice");
    expect(second).toMatchObject({ name: "clip.m4a", mediaType: "audio/mp4", bytes: 5, voice: true });
    const content = first && (await platform.download?.(first, 100));
    expect(Buffer.from(content ?? []).toString()).toBe("what is owed");
  });

  it("are asked for once, however often the message comes, and not where it is none of the desk's", async () => {
    const { slack, desk } = await start();
    slack.addChannel("C3", { members: ["U1", "U3"] });
    await slack.asUser("U3").say("C3", "for somebody else", { files: [invoice] });
    expect(desk.received).toEqual([]);
    slack.deliveries.duplicate(2);
    await slack.asUser("U3").say("C3", "<@UBOTT1> see", { files: [invoice] });
    await slack.deliveries.settled();
    expect(desk.received.length).toBeGreaterThan(1);
    expect(new Set(filesOf(desk.received).map((file) => file.name))).toEqual(new Set(["invoice.pdf"]));
    expect(slack.callsOf("files.info")).toHaveLength(1);
  });

  it("come with a message that is made a ticket of", async () => {
    const { slack, desk } = await start();
    slack.addChannel("C3", { members: ["U1", "U3"] });
    const ts = await slack.asUser("U3").say("C3", "it is broken", { files: [invoice] });
    await slack.asUser("U1").shortcut("C3", ts, "open_ticket");
    expect(filesOf(desk.received)).toMatchObject([{ name: "invoice.pdf", bytes: 12 }]);
  });

  it("do not hold the message up: what Slack does not say in time is asked when they are fetched", async () => {
    const { slack, platform, desk } = await start();
    slack.faults.add({ kind: "hang" }, { method: "files.info" });
    await slack.asUser("U3").say("C1", "see", { files: [invoice] });
    expect(slack.deliveries.log.map((one) => one.acknowledged)).toEqual([true]);
    const [file] = filesOf(desk.received);
    expect(file).toMatchObject({ name: expect.stringMatching(/^shared file F/) });
    slack.dropHanging();
    const content = file && (await platform.download?.(file, 100));
    expect(Buffer.from(content ?? []).toString()).toBe("what is owed");
    await expect(file && platform.download?.(file, 5)).rejects.toMatchObject({ code: "platform_refused" });
  });

  it("that Slack does not hand out are said to be so, and are no trouble with the token", async () => {
    const { slack, platform, desk } = await start();
    for (const error of ["file_not_found", "access_denied"]) {
      slack.faults.add({ kind: "error", error }, { method: "files.info", times: 2 });
      await slack.asUser("U3").say("C1", error, { files: [invoice] });
      const file = filesOf(desk.received).at(-1);
      await expect(file && platform.download?.(file, 100)).rejects.toMatchObject({
        code: "platform_refused",
        message: `Slack does not hand out this file (${error})`,
      });
    }
    expect(desk.received.map((one) => one.kind)).toEqual(["message", "message"]);
  });

  it("are fetched once the app may: a missing scope is told", async () => {
    const { slack, platform, desk } = await start();
    slack.world.teams.get("T1")?.scopes.delete("files:read");
    await slack.asUser("U3").say("C1", "see", { files: [invoice] });
    const [file] = filesOf(desk.received);
    await expect(file && platform.download?.(file, 100)).rejects.toMatchObject({
      code: "platform_unauthorized",
    });
    expect(desk.received.filter((one) => one.kind === "trouble")).toMatchObject([{ code: "missing_scope" }]);
  });
});
