/** The double told what to do over HTTP, for tests and benches that run it as a process of its own. */
import { type Json, object, string } from "./block-kit.ts";
import type { SlackServer } from "./slack-server.ts";

/** `{ as: "U1", do: "dm", args: ["hello"] }` is what a person does; without `as` it is done to the server. */
export interface Order {
  as?: string;
  team?: string;
  do: string;
  args?: unknown[];
}

/** Runs one order; what it gives is made of plain JSON. */
export async function obey(server: SlackServer, order: Json): Promise<unknown> {
  const args = Array.isArray(order.args) ? order.args : [];
  const subject = subjectOf(server, order) as unknown as Record<string, unknown>;
  const name = string(order.do).split(".").at(-1) ?? "";
  const action = subject[name];
  if (typeof action !== "function") return plain(action);
  return plain(await action.apply(subject, args));
}

function subjectOf(server: SlackServer, order: Json): object {
  if (typeof order.as === "string") return server.asUser(order.as, string(order.team) || "T1");
  const [part] = string(order.do).split(".");
  if (part === "faults") return server.faults;
  if (part === "deliveries") return server.deliveries;
  return server;
}

/** Without what JSON cannot carry, and without the stored messages behind what is seen. */
function plain(value: unknown): unknown {
  const text = JSON.stringify(value ?? null, (key, inner) =>
    key === "message" && object(inner).tasks ? undefined : inner,
  );
  return JSON.parse(text);
}
