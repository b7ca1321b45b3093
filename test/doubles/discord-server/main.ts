/**
 * The double as a program: prints one line of JSON with its address, token and channels when it listens, and then does
 * what `POST /_double` asks of it (remote.ts).
 */
import { createDiscordServer } from "./discord-server.ts";
import { listenForOrders } from "./remote.ts";

const server = await createDiscordServer({ port: Number(process.env.PORT ?? 0) });
const support = server.addChannel("support");
const agents = server.world.addRole(server.guild, "Agents");
const desk = server.addPrivateChannel("desk", agents);
listenForOrders(server);
const { url, origin, token } = server;
const ids = { guild: server.guild.id, support: support.id, desk: desk.id, agents: agents.id };
process.stdout.write(`${JSON.stringify({ url, origin, token, ...ids })}\n`);
process.once("SIGTERM", () => {
  void server.close().then(() => process.exit(0));
});
