/** The form of desk.yaml: every key with its default and its range. Keys are as people write them. */
import { z } from "zod";
import { exponentOf, isCurrency, minorUnits } from "../money.ts";
import type { MoneyPolicy } from "../tool.ts";
import { type Day, days, daysOf, isZone, type OfficeHours, type Span, spansOf } from "./office-hours.ts";

const whole = (min: number, max: number) => {
  const error = `a whole number from ${min} to ${max}`;
  return z.number({ error }).int(error).min(min, error).max(max, error);
};
const fits = (error: string, test: (text: string) => boolean) => z.string({ error }).refine(test, { error });
const text = (max: number) =>
  fits(`a text of 1 to ${max} characters`, (value) => value.trim() !== "" && value.length <= max);
const matching = (pattern: RegExp, error: string) => fits(error, (value) => pattern.test(value));
const unique = <T extends z.ZodType>(item: T) =>
  z
    .array(item, { error: "a list" })
    .refine((list) => new Set(list).size === list.length, { error: "a list that names each entry once" });
const section = <T extends z.ZodRawShape>(shape: T) => z.strictObject(shape, { error: "a group of keys" });

const anId = matching(/^[A-Za-z0-9_-]{1,64}$/, "an id of letters and digits");
const aName = matching(/^[a-z][a-z0-9_-]{0,39}$/, "a name of small letters, digits, - and _");
const aHost = matching(/^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:\d{1,5})?$/i, "a host like shop.example.com");
const aLanguage = fits("a language code like en or pt-BR", isLanguage);
const channelForm = "slack:ID or discord:ID, the id of one channel";
export const aChannel = matching(/^(slack:[A-Za-z0-9_-]+|discord:\d+)$/, channelForm);
/** Ids of people, groups or roles, as one list or sorted under those words. */
const people = <const Word extends string>(word: Word) => {
  const error = `"${word}", or a list of ids of people, groups or roles`;
  const ids = z.array(anId, { error }).min(1, error);
  const sorted = z
    .strictObject({ people: ids.default([]), groups: ids.default([]), roles: ids.default([]) })
    .transform(({ people, groups, roles }) => [...people, ...groups, ...roles])
    .refine((list) => list.length > 0, { error });
  return z.union([z.literal(word).transform((): Word => word), ids, sorted], { error });
};

const anAmount = z
  .union([z.string(), z.number().transform(String)], { error: amountForm("100.00") })
  .refine((value) => /^\d{1,12}(\.\d{1,4})?$/.test(value), { error: amountForm("100.00") });

const moneyAmounts = {
  at_once_under: anAmount.optional(),
  with_reason_up_to: anAmount.optional(),
  per_order_max: z.union([z.literal("captured"), anAmount], { error: captured() }).optional(),
  per_customer_per_day_max: anAmount.optional(),
};

const money = section({
  currency: fits("a currency code like USD", isCurrency).default("USD"),
  ...moneyAmounts,
  age_days_max: whole(1, 3650).default(90),
}).transform((given, context): MoneyPolicy => {
  const { currency } = given;
  const minor = (key: keyof typeof moneyAmounts, byDefault: string) => {
    const value = minorUnits(given[key] ?? byDefault, currency);
    if (value !== undefined) return value;
    const message = `an amount with as many decimals as ${currency} has (${exponentOf(currency)})`;
    context.addIssue({ code: "custom", path: [key], message, input: given });
    return 0;
  };
  const policy = {
    currency,
    atOnceUnderMinor: minor("at_once_under", "100"),
    withReasonUpToMinor: minor("with_reason_up_to", "500"),
    perOrderMaxMinor:
      (given.per_order_max ?? "captured") === "captured" ? "captured" : minor("per_order_max", "0"),
    perCustomerPerDayMaxMinor: minor("per_customer_per_day_max", "500"),
    ageDaysMax: given.age_days_max,
  } satisfies MoneyPolicy;
  if (policy.atOnceUnderMinor > policy.withReasonUpToMinor) {
    const message = "an amount of at least at_once_under";
    context.addIssue({ code: "custom", path: ["with_reason_up_to"], message, input: given });
  }
  return policy;
});

const officeHours = section({
  zone: fits("a time zone like Europe/Berlin", isZone),
  week: z.record(
    fits("a day like mon or days like mon-fri", (key) => daysOf(key) !== undefined),
    fits('times like "09:00-17:00", none overlapping', (value) => spansOf(value) !== undefined),
    { error: 'days with their times, like mon-fri: "09:00-17:00"' },
  ),
  outside: text(500).default("Nobody is at the desk right now."),
}).transform(({ zone, week, outside }): OfficeHours => {
  const open = Object.fromEntries(days.map((day): [Day, Span[]] => [day, []])) as Record<Day, Span[]>;
  for (const [names, times] of Object.entries(week)) {
    for (const day of daysOf(names) ?? []) open[day] = spansOf(times) ?? [];
  }
  return { zone, week: open, outside };
});

const prompt = z.union(
  [
    text(75).transform((title) => ({ title, message: title })),
    section({ title: text(75), message: text(500) }),
  ],
  { error: "a text of at most 75 characters, or { title, message }" },
);

/** The whole of desk.yaml; parsing {} gives every default. */
export const deskFile = section({
  name: text(80).default("Support"),
  entry: aName.optional(),
  languages: unique(aLanguage).min(1, "a list of at least one language").default(["en"]),
  model: section({
    name: text(200).default("gpt-4.1-mini"),
    temperature: z
      .number({ error: between(0, 2) })
      .min(0, between(0, 2))
      .max(2, between(0, 2))
      .default(0.3),
    context_tokens: whole(2000, 10_000_000).default(128_000),
    embedding: text(200).optional(),
    transcription: text(200).optional(),
  }).prefault({}),
  queues: unique(aName).min(1, "a list of at least one queue").default(["general", "billing", "technical"]),
  office_hours: officeHours.optional(),
  limits: section({
    steps_max: whole(1, 50).default(5),
    tool_timeout_ms: whole(100, 600_000).default(10_000),
    turns_per_session_max: whole(1, 10_000).default(30),
    history_items_max: whole(2, 1000).default(60),
    tool_calls_per_minute_max: whole(1, 10_000).default(20),
    messages_per_minute_max: whole(1, 10_000).default(20),
    tokens_per_customer_per_day_max: whole(1, 1_000_000_000).default(200_000),
    tokens_per_day_max: whole(1, 1_000_000_000_000).default(5_000_000),
    message_characters_max: whole(100, 1_000_000).default(8000),
    session_idle_days: whole(1, 3650).default(7),
    retention_days: whole(1, 36_500).default(365),
  }).prefault({}),
  knowledge: section({
    folder: text(1000).default("knowledge"),
    passage_tokens: passageTokens().default([200, 500]),
    passages_per_question: whole(1, 20).default(3),
  }).prefault({}),
  identity: section({
    method: z
      .enum(["email_code", "directory_email", "none"], { error: "email_code, directory_email or none" })
      .default("email_code"),
    reverify_hours: whole(1, 8760).default(24),
  }).prefault({}),
  tools: z
    .record(
      matching(/^[a-z0-9_]{1,64}$/, "a tool's name"),
      section({
        confirm: z.enum(["customer", "none"], { error: "customer or none" }).default("customer"),
        money: money.optional(),
        approvers: people("staff")
          .transform((who) => (who === "staff" ? [who] : who))
          .default(["staff"]),
      }),
      { error: "a group of tools" },
    )
    .default({}),
  desk: section({
    channel: aChannel.optional(),
    staff: people("members").default("members"),
    note_prefix: matching(/^\S{1,10}$/, "1 to 10 characters without spaces").default("//"),
    relay: z.enum(["assignee", "staff"], { error: "assignee or staff" }).default("assignee"),
  }).prefault({}),
  slack: section({
    support_channels: unique(anId).default([]),
    suggested_prompts: z.array(prompt, { error: "a list" }).max(4, "a list of at most 4").default([]),
  }).prefault({}),
  discord: section({
    guilds: unique(aSnowflake()).default([]),
    support_channels: unique(aSnowflake()).default([]),
  }).prefault({}),
  links: section({ allow: unique(aHost).default([]) }).prefault({}),
});

export type DeskFile = z.output<typeof deskFile>;

function amountForm(example: string): string {
  return `an amount in quotes like "${example}"`;
}

function captured(): string {
  return `captured, or ${amountForm("100.00")}`;
}

function between(min: number, max: number): string {
  return `a number from ${min} to ${max}`;
}

/** YAML reads an id without quotes as a number and loses its last digits. */
function aSnowflake() {
  return matching(/^\d{1,20}$/, 'an id in quotes, like "80351110224678912"');
}

function passageTokens() {
  const error = "two whole numbers from 20 to 4000, the smaller first, like [200, 500]";
  const tokens = z.number({ error }).int(error).min(20, error).max(4000, error);
  return z.tuple([tokens, tokens], { error }).refine(([least, most]) => least <= most, { error });
}

function isLanguage(code: string): boolean {
  try {
    return Intl.getCanonicalLocales(code).length === 1;
  } catch {
    return false;
  }
}
