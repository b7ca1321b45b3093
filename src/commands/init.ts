/** `deskhand init`: a small new workspace that runs as it is. */
import { initWorkspace } from "../workspace/init.ts";
import { type Command, print } from "./command.ts";

export const init: Command = {
  name: "init",
  about: "write a small new workspace",
  help: `deskhand init DIR

Writes a small workspace that runs as it is: desk.yaml, a specialist, two articles, a tool. The folder must be new or
empty; nothing is overwritten.`,
  takesWords: true,
  options: {},
  async run(given) {
    const [folder, ...more] = given.positionals;
    if (folder === undefined || more.length > 0) {
      process.stderr.write(`${init.help}\n`);
      return 2;
    }
    initWorkspace(folder);
    print(`${folder} is ready. Try it: npm start -- --workspace ${word(folder)}`);
    return 0;
  },
};

/** As a shell takes it for one word. */
function word(text: string): string {
  return /^[\w./@:+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
