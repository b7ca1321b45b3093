/** A workspace of Slack: customers in direct messages, Maya in the human channel. */
import { openSlackDesk } from "../slack-desk.ts";
import type { Stage, StageOptions } from "./stage.ts";

const office = "C2";

export async function createSlackStage({ workspace, modelUrl }: StageOptions): Promise<Stage> {
  const desk = await openSlackDesk({ workspace, ...(modelUrl === undefined ? {} : { modelUrl }) });
  const { slack } = desk;
  const maya = slack.asUser("U2");
  let people = 0;
  let person = slack.asUser("U1");
  let before = 0;
  const card = () =>
    slack.messages(office).findLast(({ threadTs, ts }) => threadTs === undefined || threadTs === ts);

  return {
    platform: "slack",
    knows: false,
    async enter() {
      people += 1;
      before = slack.messages(office).length;
      slack.addUser(`U10${people}`, { name: `Customer ${people}` });
      person = slack.asUser(`U10${people}`);
    },
    says: async (text) => void (await person.dm(escaped(text))),
    presses: async (button) => void (await person.click(button)),
    async staffSays(text) {
      const threadTs = card()?.ts;
      await maya.say(office, escaped(text), threadTs === undefined ? {} : { threadTs });
    },
    staffPresses: async (button) => void (await maya.click(button)),
    read: async () => desk.byBot(person.directChannel),
    desk: () =>
      slack
        .messages(office)
        .slice(before)
        .map(({ text }) => text)
        .join("\n"),
    mailedCodes: desk.mailedCodes,
    program: () => desk.program,
    async restart() {
      await desk.kill();
      await desk.start();
    },
    async close() {
      const code = await desk.stop();
      const { violations } = slack;
      await desk.close();
      return { code, complaints: violations };
    },
  };
}

/** As Slack's clients send it. */
const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
