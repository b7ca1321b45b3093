/** A log whose events are counted as well, also those that its level leaves out. */
import type { Fields, Log } from "../log.ts";
import type { Metrics } from "./metrics.ts";

export function metered(log: Log, metrics: Pick<Metrics, "note">): Log {
  const at =
    (level: "info" | "warn" | "error") =>
    (event: string, fields: Fields = {}): void => {
      metrics.note(event, fields);
      log[level](event, fields);
    };
  return {
    debug: (event, fields) => log.debug(event, fields),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    // What a company's tool logs is its own, whatever it calls it.
    with: (fields) => ("tool" in fields ? log.with(fields) : metered(log.with(fields), metrics)),
  };
}
