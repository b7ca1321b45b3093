/** The double as a program: prints one line of JSON with its addresses and secrets when it listens. */
import { createSlackServer } from "./slack-server.ts";

const slack = await createSlackServer({ remote: true, port: Number(process.env.PORT ?? 0) });
const { url, apiUrl, appToken, botToken, signingSecret } = slack;
process.stdout.write(`${JSON.stringify({ url, apiUrl, appToken, botToken, signingSecret })}\n`);
process.once("SIGTERM", () => {
  void slack.close().then(() => process.exit(0));
});
