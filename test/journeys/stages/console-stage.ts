/** The terminal: the customer's thread and the staff's channel in one. */
import { mailedCodes } from "../mailed-codes.ts";
import { openTerminal, type Terminal, temporaryFolder } from "../terminal.ts";
import type { Stage, StageOptions } from "./stage.ts";

export async function createConsoleStage({ workspace, modelUrl }: StageOptions): Promise<Stage> {
  const data = temporaryFolder();
  let terminal: Terminal | undefined;
  let people = 0;
  let who: string | undefined;

  const program = (): Terminal => {
    if (!terminal) throw new Error("nobody has entered");
    return terminal;
  };
  async function open(): Promise<void> {
    terminal = await openTerminal(data.path, {
      args: [
        ...["--workspace", workspace, "--thread", `person-${people}`],
        ...(who === undefined ? [] : ["--as", who]),
      ],
      env: modelUrl === undefined ? {} : { OPENAI_BASE_URL: modelUrl, OPENAI_API_KEY: "k" },
    });
  }
  const printed = (staff: boolean): string[] =>
    program()
      .output()
      .split("\n")
      .filter((line) => line.trim() !== "" && line.startsWith("[desk] ") === staff);
  const say = async (line: string): Promise<void> => void (await program().say(line));

  return {
    platform: "console",
    knows: true,
    async enter(customer) {
      if (terminal && (await terminal.end()) !== 0) throw new Error(`ended badly: ${terminal.errors()}`);
      who = customer;
      people += 1;
      await open();
    },
    says: say,
    presses: (button) => say(button === "Confirm" ? "yes" : "no"),
    staffSays: (text) => say(`@staff ${text}`),
    staffPresses(button) {
      const approval = /.*Approval #(\d+)/s.exec(program().output())?.[1] ?? "";
      return say(`@staff ${button.toLowerCase()} ${button === "Approve" ? approval : ""}`.trim());
    },
    read: async () => printed(false),
    desk: () => printed(true).join("\n"),
    mailedCodes: () => mailedCodes(data.path),
    program,
    async restart() {
      await program().kill();
      await open();
    },
    async close() {
      const code = terminal ? await terminal.end() : 0;
      data.remove();
      return { code, complaints: [] };
    },
  };
}
