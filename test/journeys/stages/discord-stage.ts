/** A server of Discord: customers in direct messages, Maya with the role of staff in the human channel. */
import type { Message } from "../../doubles/discord-server/world.ts";
import { openDiscordDesk } from "../discord-desk.ts";
import type { Stage, StageOptions } from "./stage.ts";

export async function createDiscordStage({ workspace, modelUrl }: StageOptions): Promise<Stage> {
  const desk = await openDiscordDesk({ workspace, ...(modelUrl === undefined ? {} : { modelUrl }) });
  const { discord, office } = desk;
  const maya = desk.staff("Maya");
  let people = 0;
  let person = discord.asUser("Ana");
  let before = new Set<Message>();
  const ofStaff = () => [office, ...discord.threadsOf(office)].flatMap((place) => discord.messages(place));
  const newOfStaff = () => ofStaff().filter((message) => !before.has(message));
  /** Where staff talk with the customer. */
  const staffThread = () =>
    discord.threadsOf(office).find(({ id }) => newOfStaff().some((one) => one.id === id));
  const words = ({ content, embeds }: Message): string => [content, ...textsIn(embeds)].join("\n");

  return {
    platform: "discord",
    knows: false,
    async enter() {
      people += 1;
      before = new Set(ofStaff());
      person = discord.asUser(`Customer ${people}`);
    },
    says: async (text) => void person.dm(text),
    presses: async (button) => void person.click(button),
    async staffSays(text) {
      maya.say(await discord.waitFor(staffThread, "the ticket's thread"), text);
    },
    staffPresses: async (button) => void maya.click(button),
    read: async () => discord.byBot(person.directChannel).map(words),
    desk: () => newOfStaff().map(words).join("\n"),
    mailedCodes: desk.mailedCodes,
    program: () => desk.program,
    async restart() {
      await desk.kill();
      await desk.start();
    },
    async close() {
      const code = await desk.stop();
      await desk.close();
      return { code, complaints: [] };
    },
  };
}

function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
