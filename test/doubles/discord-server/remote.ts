/** The double told what to do over HTTP, for tests and benches that run it as a process of its own. */
import type { DiscordServer } from "./discord-server.ts";
import type { Interaction } from "./interactions.ts";
import type { Message } from "./world.ts";

/** `{ as: "Ana", do: "dm", args: ["hello"] }` is what a person does; without `as` it is done to the server. */
export interface Order {
  as?: string;
  do: string;
  args?: unknown[];
}

/** Messages and interactions are given as plain JSON; in `args`, `{ message: ID }` stands for a message. */
export function listenForOrders(server: DiscordServer): void {
  server.rest.answerAt("/_double", async (body) => {
    try {
      return { result: plain(await obey(server, body as unknown as Order)) };
    } catch (error) {
      return { fault: error instanceof Error ? error.message : String(error) };
    }
  });
}

async function obey(server: DiscordServer, order: Order): Promise<unknown> {
  const args = (order.args ?? []).map((arg) => messageIn(server, arg) ?? arg);
  const path = order.do.split(".");
  const name = path.pop() ?? "";
  let subject: unknown = order.as === undefined ? server : server.asUser(order.as);
  for (const part of path) subject = (subject as Record<string, unknown>)[part];
  const action = (subject as Record<string, unknown>)[name];
  return typeof action === "function" ? action.apply(subject, args) : action;
}

function messageIn(server: DiscordServer, arg: unknown): Message | undefined {
  const id = (arg as { message?: unknown } | null)?.message;
  if (typeof id !== "string") return undefined;
  for (const channel of server.world.channels.values()) {
    const found = channel.messages.find((message) => message.id === id);
    if (found) return found;
  }
  throw new Error(`there is no message ${id}`);
}

/** What can be said in JSON, without going round in circles. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return typeof value === "bigint" ? String(value) : value;
  if ("messages" in value && "overwrites" in value) return { id: (value as unknown as { id: string }).id };
  if ("author" in value) return plainMessage(value as Message);
  if ("token" in value && "by" in value) {
    const { id, answered, modal } = value as Interaction;
    return { id, answered, modal };
  }
  return JSON.parse(JSON.stringify(value, (_, inner) => (typeof inner === "bigint" ? String(inner) : inner)));
}

function plainMessage({ id, channel, author, content, embeds, components, reactions, notified }: Message) {
  return {
    id,
    channel: channel.id,
    author: author.username,
    content,
    embeds,
    components,
    reactions: [...reactions.keys()],
    notified,
  };
}
