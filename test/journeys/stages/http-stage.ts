/** A web shop's own chat window over HTTP, with staff at the desk's terminal. */
import { createHmac } from "node:crypto";
import { mailedCodes } from "../mailed-codes.ts";
import { openTerminal, temporaryFolder } from "../terminal.ts";
import type { Stage, StageOptions } from "./stage.ts";

const secret = "a-secret-that-only-the-shop-and-the-desk-know";
const key = "key-of-the-web-shop";

interface Answered {
  session_id: string;
  confirmation?: { id: string };
  reply_id?: string;
  sources?: { title: string; url?: string }[];
  messages?: { id?: string; from: string; text: string }[];
}

export async function createHttpStage({ workspace, modelUrl }: StageOptions): Promise<Stage> {
  const data = temporaryFolder();
  const open = () =>
    openTerminal(data.path, {
      args: ["--workspace", workspace, "--console"],
      env: {
        HTTP_PORT: "0",
        HTTP_API_KEYS: key,
        HTTP_CUSTOMER_SECRET: secret,
        ...(modelUrl === undefined ? {} : { OPENAI_BASE_URL: modelUrl, OPENAI_API_KEY: "k" }),
      },
    });
  let program = await open();
  let customer: string | undefined;
  let session: string | undefined;
  let question: string | undefined;
  /** Below which reply a chat window shows which sources. */
  const sources = new Map<string, string>();

  async function ask(path: string, body?: object): Promise<Answered> {
    const { port } = await program.logs("http.listening");
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: body ? "POST" : "GET",
      headers: {
        authorization: `Bearer ${key}`,
        ...(customer === undefined ? {} : { "deskhand-customer": tokenFor(customer) }),
        ...(body ? { "content-type": "application/json" } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Answered;
  }
  async function chat(body: object): Promise<void> {
    const answered = await ask("/chat", session === undefined ? body : { session_id: session, ...body });
    session = answered.session_id;
    question = answered.confirmation?.id;
    const shown = (answered.sources ?? []).map(({ title, url = "" }) => `${title} ${url}`);
    if (answered.reply_id !== undefined) sources.set(answered.reply_id, shown.join("\n"));
  }
  const atDesk = async (line: string): Promise<void> => void (await program.say(`@staff ${line}`));
  /** How much the program had printed when the customer entered. */
  let before = 0;
  const desk = () =>
    program
      .output()
      .slice(before)
      .split("\n")
      .filter((line) => line.startsWith("[desk] "))
      .join("\n");

  return {
    platform: "http",
    knows: true,
    async enter(who) {
      customer = who;
      session = undefined;
      before = program.output().length;
    },
    says: (message) => chat({ message }),
    presses: (button) => chat(button === "Confirm" ? { confirm: question } : { decline: question }),
    staffSays: atDesk,
    staffPresses(button) {
      const approval = /.*Approval #(\d+)/s.exec(desk())?.[1] ?? "";
      return atDesk(`${button.toLowerCase()} ${button === "Approve" ? approval : ""}`.trim());
    },
    async read() {
      if (session === undefined) return [];
      const { messages = [] } = await ask(`/conversation/${session}`);
      return messages
        .filter(({ from }) => from !== "customer")
        .map(({ id = "", text }) => `${text}\n${sources.get(id) ?? ""}`);
    },
    desk,
    mailedCodes: () => mailedCodes(data.path),
    program: () => program,
    async restart() {
      await program.kill();
      program = await open();
      before = 0;
    },
    async close() {
      const code = await program.kill("SIGTERM");
      data.remove();
      return { code, complaints: [] };
    },
  };
}

function tokenFor(customer: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const exp = Math.floor(Date.now() / 1000) + 600;
  const signed = `${part({ alg: "HS256", typ: "JWT" })}.${part({ sub: customer, exp })}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}
