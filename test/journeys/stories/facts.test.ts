/** The stories tell what the reference scenarios ask for: their facts, their words, their calls. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { root } from "../terminal.ts";
import { knowledgeAndOrders } from "./knowledge-and-orders.ts";
import { refundDialogue } from "./refund-dialogue.ts";
import { safetyValve } from "./safety-valve.ts";
import { statefulDesk } from "./stateful-desk.ts";
import { type Chapter, linesOf } from "./story.ts";

const folder = join(process.env.DESKHAND_SHARED ?? join(root, "..", "shared"), "scenarios");
const chapters = [refundDialogue, knowledgeAndOrders, safetyValve, statefulDesk];

const record = z.record(z.string(), z.unknown());
const turn = z.object({
  customer: z.string(),
  says: z.array(z.coerce.string()).default([]),
  never: z.array(z.coerce.string()).default([]),
  calls: z.array(z.object({ tool: z.string(), arguments: record.default({}) })).default([]),
  specialist: z.string().optional(),
  escalates: record.optional(),
});
const scenario = z.object({
  articles: z.array(record).default([]),
  orders: z.array(record),
  customers: z.array(record).default([]),
  conversation: z.array(turn),
  unknown_order: z.array(turn).default([]),
  refusals: z.array(z.object({ customer: z.string() })).default([]),
  faults: z.array(record).default([]),
});

describe.skipIf(!existsSync(folder))(
  "the scenarios (skipped without DESKHAND_SHARED or ../shared/scenarios)",
  () => {
    describe.each(chapters)("$name", (chapter) => {
      const facts = () => scenario.parse(parse(readFileSync(join(folder, `${chapter.name}.yaml`), "utf8")));

      it("has the facts of the scenario", () => {
        const { articles, orders, customers } = facts();
        if ("shop" in chapter.workspace) {
          expect(plain(chapter.workspace.shop.articles)).toEqual(plain(articles));
          expect(plain(chapter.workspace.shop.orders)).toEqual(plain(orders));
          return;
        }
        const store = readFileSync(join(root, "example/store/first-data.ts"), "utf8");
        for (const { id, plan, since, lifetime_value } of customers) {
          for (const fact of [id, plan, since, lifetime_value]) expect(store).toContain(`"${fact}"`);
        }
        for (const { id, status, items } of orders) {
          expect(store).toContain(`id: "${id}"`);
          expect(store).toContain(`status: "${status}"`);
          for (const { product, price } of items as { product: string; price: string }[])
            expect(store).toContain(`["${product}", "${price}"]`);
        }
      });

      it("has its conversation, with what must be said, never said, called, and who answers", () => {
        const { conversation, unknown_order } = facts();
        for (const told of [...conversation, ...unknown_order]) {
          const own = turnOf(chapter, told.customer);
          const of = (...roles: string[]) =>
            own.filter(({ role }) => roles.includes(role)).map(({ text }) => text);
          for (const words of told.says)
            expect(of("bot").join("\n").toLowerCase()).toContain(words.toLowerCase());
          for (const words of told.never) expect(of("never").join("\n")).toContain(words);
          for (const call of told.calls) expect(of("model").join("\n")).toContain(call.tool);
          for (const { arguments: given } of told.calls) {
            for (const value of Object.values(given))
              if (value !== "*") expect(of("model").join("\n")).toContain(`${value}`);
          }
          if (told.specialist !== undefined) expect(of("who")).toEqual([told.specialist]);
          for (const value of Object.values(told.escalates ?? {}))
            expect(of("desk").join("\n").toLowerCase()).toContain(`${value}`);
        }
      });

      it("has its refusals", () => {
        for (const { customer } of facts().refusals)
          expect(turnOf(chapter, customer).length).toBeGreaterThan(1);
      });
    });
  },
);

function turnOf(chapter: Chapter, customer: string) {
  for (const story of chapter.stories) {
    const lines = linesOf(story.told);
    const from = lines.findIndex(({ role, text }) => role === "customer" && text === customer);
    if (from < 0) continue;
    const length = lines.slice(from + 1).findIndex(({ role }) => role === "customer");
    return lines.slice(from, length < 0 ? undefined : from + 1 + length);
  }
  throw new Error(`no story has: ${customer}`);
}

/** Dates as texts, keys in order. */
function plain(values: readonly object[]): unknown {
  return values.map((value) =>
    JSON.parse(
      JSON.stringify(value, (_, inner) =>
        typeof inner === "string" ? inner.replace(/T00:00:00\.000Z$/, "") : inner,
      ),
    ),
  );
}
