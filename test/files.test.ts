import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { DeskError } from "../src/errors.ts";
import type { FileRef } from "../src/message.ts";
import { type DeskInARoom, openDesk } from "./doubles/desk-in-a-room.ts";
import { createRoom } from "./doubles/room.ts";
import { createScriptedModel, type ScriptedModel } from "./doubles/scripted-model.ts";

let desk: DeskInARoom;
afterEach(() => desk.close());

const bytes = (text: string) => new TextEncoder().encode(text);
const file = (id: string, more: Partial<FileRef> = {}): FileRef => ({
  id: `room:f:${id}`,
  name: `${id}.txt`,
  mediaType: "text/plain",
  bytes: 5,
  ...more,
});
const cardId = () => desk.room.shown.find((message) => message.post.card)?.id;
const ticketThread = () => `${desk.room.deskChannel}/${cardId()}`;
const lastIn = (place: string) => desk.room.shown.filter((message) => message.place === place).at(-1)?.post;

async function taken(): Promise<void> {
  desk = await openDesk();
  await desk.room.says("ann", "I want to talk to a human please");
  await desk.quiet();
  await desk.room.presses("ticket.take", 1);
  await desk.quiet();
}

describe("a file", () => {
  it("of a customer is copied and reaches staff with its message", async () => {
    await taken();
    desk.room.files.set("room:f:a", bytes("hello"));
    await desk.room.says("ann", "Look at this", { files: [file("a")] });
    await desk.quiet();
    const post = lastIn(ticketThread());
    expect(post).toMatchObject({ text: "Look at this", as: "ann", files: [{ name: "a.txt", bytes: 5 }] });
    expect(readFileSync(post?.files?.[0]?.path ?? "", "utf8")).toBe("hello");
  });

  it("leaves a secret that its name holds nowhere", async () => {
    desk = await openDesk();
    const named = file("card", { name: "my card 4111 1111 1111 1111.txt" });
    desk.room.files.set("room:f:card", bytes("hello"));
    await desk.room.says("ann", "Look at this", { files: [named] });
    await desk.quiet();
    const kept = await desk.ledger.read(async (tx) => [
      await tx.all("SELECT * FROM inbox"),
      await tx.all("SELECT files FROM messages"),
    ]);
    for (const text of [JSON.stringify(kept), JSON.stringify(desk.model.requests)]) {
      expect(text).not.toContain("1111");
      expect(text).toContain("card number");
    }
  });

  it("of staff reaches the customer, also without a word", async () => {
    await taken();
    desk.room.files.set("room:f:a", bytes("hello"));
    await desk.room.staffSays(ticketThread(), "", "staff-maya", { files: [file("a")] });
    await desk.quiet();
    expect(lastIn("room:t:ann")).toMatchObject({ text: "(file: a.txt)", files: [{ name: "a.txt" }] });
  });

  it("that cannot be had is named with the reason, and the words arrive", async () => {
    await taken();
    desk.room.files.set("room:f:big", bytes("x"));
    await desk.room.says("ann", "Both", { files: [file("gone"), file("big", { bytes: 26 * 1024 * 1024 })] });
    await desk.quiet();
    expect(lastIn(ticketThread())).toEqual({
      text: "Both\n\n(file: gone.txt, not copied: the file is gone)\n\n(file: big.txt, not copied: it is larger than 25 MB)",
      as: "ann",
    });
  });

  it("that the platform does not hand out at once is asked for again", async () => {
    await taken();
    desk.room.files.set("room:f:a", [new DeskError("platform_unavailable", "not now"), bytes("hello")]);
    await desk.room.says("ann", "Look", { files: [file("a")] });
    await desk.quiet();
    expect(lastIn(ticketThread())?.files).toHaveLength(1);
  });

  it("with a hostile name or kind is handed on under a harmless one", async () => {
    await taken();
    desk.room.files.set("room:f:a", bytes("<script>"));
    const hostile = file("a", {
      name: "../../etc/[x](http://evil)\u202E@everyone.html",
      mediaType: "text/html",
    });
    await desk.room.says("ann", "Look", { files: [hostile] });
    await desk.quiet();
    const [handed] = lastIn(ticketThread())?.files ?? [];
    expect(handed?.name).not.toMatch(/[/\\@[\]()\u202E]/);
    expect(handed?.mediaType).toBe("application/octet-stream");
  });

  it("more than ten in one message are named, not copied", async () => {
    await taken();
    const many = Array.from({ length: 12 }, (_, n) => file(`n${n}`));
    for (const one of many) desk.room.files.set(one.id, bytes(one.id));
    await desk.room.says("ann", "", { files: many });
    await desk.quiet();
    expect(lastIn(ticketThread())?.files).toHaveLength(10);
    expect(lastIn(ticketThread())?.text).toContain("n11.txt, not copied: only 10 files");
  });

  it("is on record with its message, and the same content lies there once", async () => {
    desk = await openDesk();
    desk.room.files.set("room:f:a", bytes("hello"));
    desk.room.files.set("room:f:b", bytes("hello"));
    await desk.room.says("ann", "Twice", { files: [file("a"), file("b")] });
    await desk.quiet();
    const row = await desk.ledger.read((tx) =>
      tx.get<{ files: string }>("SELECT files FROM messages WHERE files IS NOT NULL"),
    );
    const [first, second] = JSON.parse(row?.files ?? "[]") as FileRef[];
    expect(first?.copy).toMatch(/^[0-9a-f]{64}$/);
    expect(second?.copy).toBe(first?.copy);
    const folder = join(desk.data, "files");
    expect(existsSync(folder) && readdirSync(folder)).toEqual([first?.copy]);
  });

  it("that was copied before the process died is not asked for again", async () => {
    let hang = true;
    desk = await openDesk({
      model: createScriptedModel(() => (hang ? new Promise(() => {}) : "Thank you.")),
    });
    desk.room.files.set("room:f:a", bytes("hello"));
    await desk.room.says("ann", "Look", { files: [file("a")] });
    await expect.poll(() => desk.model.requests.length).toBe(1);
    hang = false;
    const next = await desk.reopen(createRoom());
    await next.quiet();
    expect(next.room.seen("ann")).toEqual(["Thank you."]);
    const row = await next.ledger.read((tx) =>
      tx.get<{ files: string }>("SELECT files FROM messages WHERE files IS NOT NULL"),
    );
    expect(JSON.parse(row?.files ?? "[]")).toMatchObject([{ copy: expect.any(String) }]);
    await next.core.stop();
  });
});

describe("a voice message", () => {
  const clip = file("clip", { name: "clip.ogg", mediaType: "audio/ogg", voice: true });
  const listening = (words: string | Error): ScriptedModel => ({
    ...createScriptedModel("It takes five days."),
    transcribe: async () => {
      if (words instanceof Error) throw words;
      return words;
    },
  });

  it("is what the customer says", async () => {
    desk = await openDesk({ model: listening("How long does shipping take?") });
    desk.room.files.set(clip.id, bytes("sound"));
    await desk.room.says("ann", "", { files: [clip] });
    await desk.quiet();
    expect(desk.model.requests[0]?.transcript).toEqual([
      { role: "customer", text: "[voice message] How long does shipping take?\n[file: clip.ogg]" },
    ]);
    expect(desk.room.seen("ann")).toEqual(["It takes five days."]);
  });

  it("that nobody can make out is answered honestly, without a model", async () => {
    desk = await openDesk({ model: listening(new DeskError("model_failed", "no")) });
    desk.room.files.set(clip.id, bytes("noise"));
    await desk.room.says("ann", "", { files: [clip] });
    await desk.quiet();
    expect(desk.model.requests).toHaveLength(0);
    expect(desk.room.seen("ann").join()).toContain("could not make out your voice message");
  });

  it("is said the same by a model that cannot listen", async () => {
    desk = await openDesk();
    desk.room.files.set(clip.id, bytes("sound"));
    await desk.room.says("ann", "", { files: [clip] });
    await desk.quiet();
    expect(desk.room.seen("ann").join()).toContain("could not make out your voice message");
  });

  it("reaches staff as words and as the recording", async () => {
    desk = await openDesk({ model: listening("My card is 4111 1111 1111 1111") });
    await desk.room.says("ann", "I want to talk to a human please");
    await desk.quiet();
    desk.room.files.set(clip.id, bytes("sound"));
    await desk.room.says("ann", "", { files: [clip] });
    await desk.quiet();
    const post = lastIn(ticketThread());
    expect(post?.text).toContain("[voice message] My card is");
    expect(post?.text).not.toContain("4111 1111");
    expect(post?.files).toMatchObject([{ name: "clip.ogg", mediaType: "audio/ogg" }]);
  });
});
