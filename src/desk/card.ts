/** A ticket as staff see it. Pure: the same ticket always makes the same card. */
import type { Brief, Ticket } from "../ledger/tickets.ts";
import type { Button, Menu, Post } from "../platform.ts";
import { whole } from "./brief.ts";

const lineMax = 300;
const factsMax = 6;

/** Whether a card shows the customer's words only in part. */
export const isCut = (words: string): boolean => words.length > lineMax;

/** @param queues those a ticket can be given to */
export function cardOf(ticket: Ticket, queues: readonly string[]): Post {
  const { brief } = ticket;
  const title = `Ticket #${ticket.number}: ${ticket.ask}`;
  return {
    text: `${title} (${ticket.reason})`,
    card: {
      title,
      facts: [
        { label: "Priority", value: ticket.priority },
        { label: "Queue", value: ticket.queue },
        { label: "Customer", value: brief.customer },
        { label: "Language", value: ticket.language },
        ...moodOf(brief),
      ],
      sections: [
        ...(brief.summary ? [{ label: "Summary", text: brief.summary }] : []),
        { label: "Reason", text: ticket.reason },
        {
          label: "Tried",
          text:
            brief.tried.length > 0
              ? brief.tried.map((source) => `- ${source.title}`).join("\n")
              : "No article answered it.",
        },
        ...(brief.facts.length > 0
          ? [
              {
                label: "Facts",
                text: brief.facts
                  .slice(-factsMax)
                  .map((fact) => `- ${cut(fact)}`)
                  .join("\n"),
              },
            ]
          : []),
        ...(brief.promises && brief.promises.length > 0
          ? [{ label: "Promised", text: brief.promises.map((promise) => `- ${promise}`).join("\n") }]
          : []),
        { label: "Last words", text: cut(brief.lastWords).replace(/^/gm, "> ") },
        { label: "Next step", text: brief.nextStep },
      ],
      footer: footerOf(ticket),
    },
    buttons: buttonsOf(ticket),
    menus: menusOf(ticket, queues),
  };
}

/** What goes without saying is not said. */
function moodOf({ category, sentiment }: Brief): { label: string; value: string }[] {
  return [
    ...(category && category !== "general" ? [{ label: "About", value: category }] : []),
    ...(sentiment && sentiment !== "neutral" ? [{ label: "Sentiment", value: sentiment }] : []),
  ];
}

function footerOf(ticket: Ticket): string {
  switch (ticket.state) {
    case "open":
      return "Waiting for a person";
    case "taken":
      return `Taken by ${ticket.assigneeName ?? "staff"}`;
    case "handed_back":
      return "Handed back to the bot";
    case "resolved":
      return "Resolved";
  }
}

function buttonsOf(ticket: Ticket): Button[] {
  const value = String(ticket.number);
  const take: Button = { label: "Take", action: "ticket.take", value, style: "primary" };
  const handBack: Button = { label: "Hand back", action: "ticket.hand_back", value };
  const resolve: Button = { label: "Resolve", action: "ticket.resolve", value };
  switch (ticket.state) {
    case "open":
      return [take, handBack, resolve];
    case "taken":
      return [handBack, resolve];
    case "handed_back":
      return [take, resolve];
    case "resolved":
      return [];
  }
}

const transfer = "ticket.transfer";
const pressCharactersMax = 90;

/** Where else the ticket can wait. */
function menusOf(ticket: Ticket, queues: readonly string[]): Menu[] {
  if (ticket.state === "resolved") return [];
  const options = queues
    .filter((queue) => queue !== ticket.queue || ticket.state !== "open")
    .map((queue) => ({ label: queue, value: `${ticket.number} ${queue}` }))
    .filter(({ value }) => transfer.length + value.length <= pressCharactersMax);
  return options.length > 0 ? [{ label: "Transfer…", action: transfer, options }] : [];
}

function cut(text: string): string {
  return isCut(text) ? `${whole(text.slice(0, lineMax))}…` : text;
}
