/**
 * Logs are events: a `noun.verb` and fields, one JSON line each on standard error. Customers' texts only at debug, and
 * whatever stands in a line has been through the redaction, what errors say as well: other people's servers and tools
 * repeat what they were given. Secrets and mail addresses are taken out; ids of accounts, threads and turns stay.
 */
import { type BaseLogger, type DestinationStream, pino, stdTimeFunctions } from "pino";
import { DeskError, faultOf } from "./errors.ts";
import { redactFields } from "./redaction/redact-fields.ts";

export type Fields = Record<string, unknown>;

export interface Log {
  debug(event: string, fields?: Fields): void;
  info(event: string, fields?: Fields): void;
  warn(event: string, fields?: Fields): void;
  error(event: string, fields?: Fields): void;
  /** The same log with fields that stand in every line. */
  with(fields: Fields): Log;
}

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

/** @param destination standard error unless a test gives its own stream */
export function createLog(level: LogLevel, destination?: DestinationStream): Log {
  const sink = pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination ?? standardError(),
  );
  return wrap(sink);
}

/** Lines that cannot be written, as on a full disk, are kept until they can be, as far as this; in characters. */
const keptMax = 1_000_000;

/** A desk does not end of a log that cannot be written. */
function standardError(): DestinationStream {
  const stream = pino.destination({ fd: 2, sync: true, maxLength: keptMax });
  stream.on("error", () => {});
  return stream;
}

type Sink = Pick<BaseLogger, "debug" | "info" | "warn" | "error"> & {
  isLevelEnabled(level: string): boolean;
  child(fields: Fields): Sink;
};

function wrap(sink: Sink): Log {
  const at = (level: "debug" | "info" | "warn" | "error") => (event: string, fields?: Fields) => {
    if (sink.isLevelEnabled(level)) sink[level]({ event, ...(fields ? clean(fields) : undefined) });
  };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    with: (fields) => wrap(sink.child(clean(fields))),
  };
}

function clean(fields: Fields): Fields {
  const plain = Object.entries(fields).map(([name, value]) => [
    name,
    name === "error" || value instanceof Error ? describe(value) : value,
  ]);
  return redactFields(Object.fromEntries(plain), withoutAddresses);
}

/** No longer than mail servers take them, so that looking for one costs little in any text. */
const mailAddress = /[^\s@<>()[\]{}"'`,;:/\\]{1,64}@(?:[\p{L}\d-]{1,63}\.){1,8}\p{L}{2,63}/gu;

function withoutAddresses(text: string): string {
  return text.includes("@") ? text.replace(mailAddress, "[removed: mail address]") : text;
}

/** An error as fields: code, fault, remedy, and the faults of its causes. A stack only for what nobody expected. */
function describe(error: unknown): Fields {
  const causes: string[] = [];
  for (let cause = error instanceof Error ? error.cause : undefined; cause && causes.length < 5; ) {
    causes.push(faultOf(cause));
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  const fields: Fields = { fault: faultOf(error) };
  if (error instanceof DeskError) Object.assign(fields, { code: error.code, remedy: error.remedy });
  else if (error instanceof Error) fields.stack = error.stack;
  if (causes.length > 0) fields.causes = causes;
  return fields;
}
