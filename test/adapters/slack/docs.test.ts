/** docs/slack.md against what it describes. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { eventsPath } from "../../../adapters/slack/http-receiver.ts";
import { installPath, redirectPath } from "../../../adapters/slack/installing.ts";
import { commandName } from "../../../adapters/slack/scopes.ts";
import { variables } from "../../../src/config/variables.ts";
import { parseCommand } from "../../../src/desk/commands.ts";

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
const text = read("docs/slack.md");

describe("docs/slack.md", () => {
  it("names variables that there are, and all of Slack's", () => {
    const known = variables.map(({ name }) => String(name));
    const named = new Set(text.match(/\b(?:SLACK|DESK|OPENAI)_[A-Z_]+\b/g));
    expect([...named].filter((name) => !known.includes(name))).toEqual([]);
    expect(known.filter((name) => name.startsWith("SLACK_") && !named.has(name))).toEqual([]);
  });

  it("names the commands that are understood", () => {
    const row = text.split("\n").find((line) => line.startsWith(`| \`${commandName}\``)) ?? "";
    const words = [...row.matchAll(/`([a-z][^`]*)`/g)].map((match) => match[1] ?? "");
    expect(words.length).toBeGreaterThan(8);
    const spoken = words.map((one) =>
      one
        .replace("N", "1")
        .replace("NAME", "hello")
        .replace(/TEXT|WHO/, "billing"),
    );
    for (const one of spoken) expect(parseCommand(one).does, one).not.toBe("help");
  });

  it("names the addresses that are answered, as the manifest does", () => {
    for (const path of [eventsPath, installPath, redirectPath]) expect(text, path).toContain(path);
    expect(read("manifest.yml")).toContain(redirectPath);
    expect(read("manifest.yml")).toContain(`https://desk.example.com${eventsPath}`);
  });

  it("tells which words of the doctor mean what", () => {
    const code = read("adapters/slack/examine.ts");
    for (const words of ["the bot is not a member of", "missing: "]) {
      expect(text).toContain(words);
      expect(code).toContain(words);
    }
  });
});
