/** `deskhand start`: the desk runs until it is told to stop. */
import { startDesk } from "../main.ts";
import { type Command, folders, foldersHelp, text } from "./command.ts";

export const start: Command = {
  name: "start",
  about: "run the desk (without a platform's token: a console)",
  help: `deskhand start [options]

Runs the desk. With no platform configured it opens a console: each line is a customer's message; @staff speaks for
the desk (@staff take, @staff TEXT, @staff // note, @staff hand back, @staff resolve, @staff approve N, @staff deny N WHY);
summary; quit.

${foldersHelp}
  --thread ID       the console's thread to resume
  --as CUSTOMER     the console's customer, taken as verified
  --console         a console beside the configured platforms
  --roles R[,R…]    of several processes on one DATABASE_URL, what this one does: receive (listens to the platforms),
                    work (takes turns), send (posts); all of it unless given`,
  options: {
    ...folders,
    thread: { type: "string" },
    as: { type: "string" },
    console: { type: "boolean" },
    roles: { type: "string" },
  },
  async run(given) {
    // Before anything else: who stops a desk that is just starting stops it, too. To be told again changes nothing, but a
    // second Ctrl-C ends it on the spot.
    const signalled = new Promise<void>((resolve) => {
      process.on("SIGTERM", () => resolve());
      process.once("SIGINT", () => resolve());
    });
    const starting = startDesk({
      workspace: text(given, "workspace"),
      data: text(given, "data"),
      thread: text(given, "thread"),
      as: text(given, "as"),
      console: given.values.console === true,
      roles: text(given, "roles"),
      atTerminal: [process.stdin, process.stdout, process.stderr].every((stream) => stream.isTTY === true),
    });
    const running = await Promise.race([starting, signalled]);
    // Nothing of a start needs an end: it may be waiting for a platform that does not answer.
    if (!running) return 0;
    await Promise.race([running.ended, signalled]);
    await running.stop();
    return 0;
  },
};
