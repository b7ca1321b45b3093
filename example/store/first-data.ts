/** What the store holds at its first start. Times are relative to that moment, so that the example does not grow old. */
import type { Store } from "./store.ts";

const dayMs = 24 * 60 * 60 * 1000;

const plans = [
  { id: "free", pricePerMonth: "0.00" },
  { id: "pro", pricePerMonth: "19.99" },
  { id: "enterprise", pricePerMonth: "99.99" },
];

const customers = [
  {
    id: "cust_001",
    email: "cust_001@example.com",
    plan: "pro",
    since: "2025-03-15",
    lifetimeValue: "2400.00",
  },
  {
    id: "cust_002",
    email: "cust_002@example.com",
    plan: "enterprise",
    since: "2024-08-01",
    lifetimeValue: "18500.00",
  },
];

interface FirstOrder {
  id: string;
  /** None: placed as a guest. */
  customer?: string;
  status: string;
  placedDaysAgo: number;
  arrivesInDays?: number;
  trackingNumber?: string;
  trackingUrl?: string;
  items: [product: string, price: string][];
}

const orders: FirstOrder[] = [
  { id: "ORD-1001", status: "refunded", placedDaysAgo: 12, items: [["USB-C Cable", "12.99"]] },
  { id: "ORD-1002", status: "processing", placedDaysAgo: 3, items: [["Mechanical Keyboard", "89.50"]] },
  {
    id: "ORD-12345",
    status: "shipped",
    placedDaysAgo: 4,
    arrivesInDays: 3,
    trackingNumber: "1Z999AA10123456784",
    trackingUrl: "https://track.example.com/123",
    items: [
      ["Desk Lamp", "34.00"],
      ["Headphones", "59.00"],
    ],
  },
  {
    id: "ORD-67890",
    status: "processing",
    placedDaysAgo: 1,
    arrivesInDays: 5,
    items: [["Monitor Arm", "119.00"]],
  },
  {
    id: "ord_1001",
    customer: "cust_001",
    status: "delivered",
    placedDaysAgo: 30,
    items: [
      ["Pro Plan - Annual", "199.99"],
      ["Extra Seat Pack (5)", "99.99"],
    ],
  },
  {
    id: "ord_1002",
    customer: "cust_001",
    status: "pending",
    placedDaysAgo: 2,
    items: [["API Credits - 10K", "49.99"]],
  },
  {
    id: "ord_2001",
    customer: "cust_002",
    status: "delivered",
    placedDaysAgo: 90,
    items: [["Enterprise Plan - Annual", "999.99"]],
  },
];

/** @param now milliseconds since 1970 */
export function fill(store: Store, now: number): void {
  plans.forEach(({ id, pricePerMonth }, position) => {
    store.run("INSERT INTO plans VALUES (?, ?, ?)", id, cents(pricePerMonth), position);
  });
  for (const { id, email, plan, since, lifetimeValue } of customers) {
    store.run("INSERT INTO customers VALUES (?, ?, ?, ?, ?)", id, email, plan, since, cents(lifetimeValue));
  }
  for (const order of orders) {
    store.run(
      "INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?)",
      order.id,
      order.customer ?? null,
      order.status,
      now - order.placedDaysAgo * dayMs,
      order.arrivesInDays === undefined ? null : date(now + order.arrivesInDays * dayMs),
      order.trackingNumber ?? null,
      order.trackingUrl ?? null,
    );
    order.items.forEach(([product, price], position) => {
      store.run("INSERT INTO order_items VALUES (?, ?, ?, 1, ?)", order.id, position, product, cents(price));
    });
  }
}

function cents(dollars: string): number {
  return Math.round(Number(dollars) * 100);
}

function date(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
