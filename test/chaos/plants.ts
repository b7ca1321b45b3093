/** Protections of the desk, and the edits of its sources that take each of them out: chaos must find every one. */
export interface Edit {
  file: string;
  /** Stands in the file exactly once. */
  find: string;
  replace: string;
}

export interface Plant {
  takesOut: string;
  edits: readonly Edit[];
}

export const plants: Readonly<Record<string, Plant>> = {
  dedupe: {
    takesOut: "an event is admitted once, under all its keys",
    edits: [
      { file: "src/ledger/inbox.ts", find: "if (fresh > 0) continue;", replace: "if (fresh >= 0) continue;" },
    ],
  },
  fence: {
    takesOut: "what was written for a thread that somebody has taken is refused",
    edits: [
      {
        file: "src/attempt.ts",
        find: "(now.fence ?? now.version) === now.version",
        replace: "now.version !== -1",
      },
      {
        file: "src/ledger/threads.ts",
        find: "WHERE id = ? AND version = ? RETURNING last_seq",
        replace: "WHERE id = ? AND (version = ? OR 1 = 1) RETURNING last_seq",
      },
    ],
  },
  look: {
    takesOut: "a post that may have arrived is looked for before it is sent again",
    edits: [
      {
        file: "src/attempt.ts",
        find: "if (there) return there;",
        replace: "if (there && !job.doubtful) return there;",
      },
    ],
  },
  "commit-first": {
    takesOut: "an event is committed before the platform is told that we have it",
    edits: [
      {
        file: "src/bot.ts",
        find: "    const admitted = await inbox.take(event);\n    if (admitted) lanes.wake(admitted.lane, inbox.mannerOf(event));",
        replace:
          "    void inbox.take(event).then((admitted) => {\n      if (admitted) lanes.wake(admitted.lane, inbox.mannerOf(event));\n    });",
      },
    ],
  },
  workspace: {
    takesOut: "what is said in a workspace is said with that workspace's own token",
    edits: [
      {
        file: "adapters/slack/workspaces.ts",
        find: "if (workspace) return workspace.token;",
        replace: "if (workspace) return own?.token ?? workspace.token;",
      },
    ],
  },
};
