/**
 * I16: erased means erased. A customer writes at a console, and staff about them; everything they say holds one word.
 * They are erased beside the desk, which then goes on and ends like on any other day.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { run } from "../commands/run.ts";
import { careful } from "../fixtures/scenarios.ts";
import { writeShop } from "../fixtures/workspace.ts";
import { closeTerminals, openTerminal, temporaryFolder } from "../journeys/terminal.ts";

const word = "zebrafinch";
let folder: ReturnType<typeof temporaryFolder>;
let shop: string;
let data: string;
beforeEach(() => {
  folder = temporaryFolder();
  shop = writeShop(join(folder.path, "shop"), careful);
  data = join(folder.path, "data");
});
afterEach(() => {
  closeTerminals();
  folder.remove();
});

const filesWith = (text: string): string[] =>
  readdirSync(data, { recursive: true, encoding: "utf8" })
    .map((name) => join(data, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
    .filter((path) => readFileSync(path).toString("latin1").toLowerCase().includes(text))
    .map((path) => path.slice(data.length + 1));

it("a console that goes on writes nothing of an erased customer back, and the log at info never had their words", async () => {
  const folders = ["--workspace", shop, "--data", data];
  const desk = await openTerminal(data, { args: [...folders, "--as", `cus_${word}`] });
  await desk.say(`Do you ship to ${word} island?`);
  await desk.say(`I want to speak to a human about my ${word}`);
  await desk.say("@staff take");
  await desk.say(`@staff Dear ${word}, I am on it`);
  await desk.say(`@staff // ${word} has written before`);
  await desk.say(`${word} says thank you, and writes from ${word}@mail.example`);
  expect(filesWith(word)).toEqual(expect.arrayContaining(["console.printed"]));
  expect(desk.output()).toContain(word);

  const erased = await run(["erase", `cus_${word}`, "--yes", ...folders]);
  expect([erased.code, erased.err]).toEqual([0, ""]);
  expect(filesWith(word)).toEqual([]);
  // The thread's id has the customer's own; their words are in no line.
  for (const line of desk.log()) {
    expect(JSON.stringify({ ...line, lane: "", thread: "", customer: "" })).not.toContain(word);
  }

  // A new conversation, under the same id: that is theirs, and nothing of before is in it.
  await desk.say("Do you sell gift cards?");
  expect(await desk.end()).toBe(0);
  const later = await run(["erase", `cus_${word}`, "--yes", ...folders]);
  expect(later.out).toContain("1 thread");
  expect(filesWith(word)).toEqual([]);
});
