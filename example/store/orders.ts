/** Orders as the tools see them: always those of one customer, or one guest order by its number. */
import type { Store } from "./store.ts";

export interface Order {
  id: string;
  status: string;
  /** Milliseconds since 1970. */
  placedAt: number;
  eta: string | null;
  trackingNumber: string | null;
  trackingUrl: string | null;
  items: { product: string; quantity: number; priceMinor: number }[];
  /** What was paid, and what of it has been paid back; cents. */
  capturedMinor: number;
  refundedMinor: number;
}

export const currency = "USD";

const columns = `id, status, placed_at AS placedAt, eta, tracking_number AS trackingNumber, tracking_url AS trackingUrl,
  (SELECT coalesce(sum(quantity * price_minor), 0) FROM order_items WHERE order_id = orders.id) AS capturedMinor,
  (SELECT coalesce(sum(amount_minor), 0) FROM refunds WHERE order_id = orders.id) AS refundedMinor`;

export function guestOrder(store: Store, id: string): Order | undefined {
  const sql = `SELECT ${columns} FROM orders WHERE id = ? AND customer_id IS NULL`;
  return withItems(store, store.get<Order>(sql, id));
}

/** An order of somebody else's is not found, like one that does not exist. */
export function orderOf(store: Store, customer: string, id: string): Order | undefined {
  const sql = `SELECT ${columns} FROM orders WHERE id = ? AND customer_id = ?`;
  return withItems(store, store.get<Order>(sql, id, customer));
}

/** Newest first. */
export function ordersOf(store: Store, customer: string): Order[] {
  const sql = `SELECT ${columns} FROM orders WHERE customer_id = ? ORDER BY placed_at DESC, id`;
  return store.all<Order>(sql, customer).flatMap((order) => withItems(store, order) ?? []);
}

function withItems(store: Store, order: Order | undefined): Order | undefined {
  if (!order) return undefined;
  const sql = `SELECT product, quantity, price_minor AS priceMinor FROM order_items WHERE order_id = ? ORDER BY position`;
  return { ...order, items: store.all(sql, order.id) };
}

/** What the model is told of an order. Nothing in it says who ordered. */
export function described(order: Order) {
  return {
    order_id: order.id,
    status: order.status,
    placed: dateOf(order.placedAt),
    items: order.items.map(({ product, quantity, priceMinor }) => ({
      product,
      quantity,
      price: dollars(priceMinor),
    })),
    total: dollars(order.capturedMinor),
    currency,
    ...(order.refundedMinor > 0 ? { refunded: dollars(order.refundedMinor) } : {}),
    ...(order.eta ? { expected_arrival: order.eta } : {}),
    ...(order.trackingNumber ? { tracking_number: order.trackingNumber } : {}),
    ...(order.trackingUrl ? { tracking_url: order.trackingUrl } : {}),
  };
}

/** `API Credits - 10K`, `Pro Plan - Annual and Extra Seat Pack (5)`. */
export function productsOf(order: Order): string {
  return order.items.map(({ product }) => product).join(" and ");
}

/** `49.99` */
export function dollars(minor: number): string {
  return (minor / 100).toFixed(2);
}

/** `2026-01-31` */
export function dateOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
