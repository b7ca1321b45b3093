/** open ──▶ stopping (nothing new is taken) ──▶ over (what still waits is told so) */

export interface Life {
  readonly state: "open" | "stopping" | "over";
  stop(): void;
  end(): void;
  /** Calls at the end, at once when it has come; the result cancels it. */
  whenOver(call: () => void): () => void;
}

export function createLife(): Life {
  let state: Life["state"] = "open";
  const calls = new Set<() => void>();
  return {
    get state() {
      return state;
    },
    stop() {
      if (state === "open") state = "stopping";
    },
    end() {
      state = "over";
      for (const call of calls) call();
      calls.clear();
    },
    whenOver(call) {
      if (state === "over") call();
      else calls.add(call);
      return () => calls.delete(call);
    },
  };
}
