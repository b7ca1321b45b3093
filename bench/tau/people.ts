/** Whose conversation a task is, and what of others must not come up in it. */
import type { Task } from "./data.ts";
import type { Order, Records, User } from "./store.ts";

/**
 * The customer who is verified in a task's session from its beginning: verification happens outside of the model, and
 * half of the recordings begin after it. It is whose records are written, otherwise who was found, otherwise whose
 * records are read; where no call is about anybody, it might be anybody.
 */
export function customerOf(task: Task, records: Records): string {
  const written = task.steps.filter((step) => step.write).map((step) => ownerIn(step.arguments, records));
  const found = task.steps.map((step) =>
    step.name.startsWith("find_user_id") && records.users.has(step.result) ? step.result : undefined,
  );
  const read = task.steps.map((step) => ownerIn(step.arguments, records));
  const named = [...written, ...found, ...read].find((id) => id !== undefined);
  return named ?? records.users.keys().next().value ?? "nobody";
}

/** Whose record a call's arguments name; undefined: nobody's. */
export function ownerIn(given: Record<string, unknown>, records: Records): string | undefined {
  const { user_id, order_id } = given;
  if (typeof user_id === "string" && records.users.has(user_id)) return user_id;
  return typeof order_id === "string" ? records.orders.get(order_id)?.user_id : undefined;
}

/** Finds what is others' in a text. */
export type Watch = (text: string, customer: string) => string[];

/** Ids, addresses of mail and tracking numbers, which belong to one customer each. */
export function createWatch(records: Records): Watch {
  const owners = new Map<string, Set<string>>();
  const belong = (marks: readonly string[], owner: string): void => {
    for (const mark of marks) owners.set(mark, (owners.get(mark) ?? new Set()).add(owner));
  };
  for (const user of records.users.values()) belong(marksOfUser(user), user.user_id);
  for (const order of records.orders.values()) belong(marksOfOrder(order), order.user_id);
  return (text, customer) => {
    const marks = text.match(/[#\w](?:[\w.@+-]*\w)?/g) ?? [];
    const others = marks.filter((mark) => owners.has(mark) && !owners.get(mark)?.has(customer));
    return [...new Set(others)];
  };
}

function marksOfUser(user: User): string[] {
  return [user.user_id, user.email, ...user.payment_methods.keys(), ...user.orders];
}

function marksOfOrder(order: Order): string[] {
  return [order.order_id, ...order.fulfillments.flatMap((one) => one.tracking_id)];
}
