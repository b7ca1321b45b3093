/**
 * Marks whose values nobody can read who has only the database: AES-256-GCM, under a key that is derived from a secret of
 * the configuration and from a salt of the mark's own. A value is bound to its name, so that one cannot be put in another's
 * place. `v1.SALT.SEALED`; SEALED is the ciphertext with its tag behind it, in base64url.
 */
import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";
import type { Clock } from "../clock.ts";
import type { Ledger } from "../ledger.ts";
import type { Log } from "../log.ts";
import { readMark, writeMarks } from "./marks.ts";

export interface SealedMarks {
  save(name: string, value: string): Promise<void>;
  /** Undefined also when it was sealed with another secret; that is logged. */
  find(name: string): Promise<string | undefined>;
  remove(name: string): Promise<void>;
}

interface SealedMarksParts {
  ledger: Ledger;
  platform: string;
  /** Called when it is needed, so that it is kept nowhere else. */
  secret(): string;
  clock: Clock;
  log: Log;
}

const version = "v1";
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;

export function createSealedMarks({ ledger, platform, secret, clock, log }: SealedMarksParts): SealedMarks {
  const bindingOf = (name: string) => `deskhand ${platform} ${name}`;
  const put = (name: string, value: string | undefined) =>
    ledger.write((tx) => writeMarks(tx, platform, [[name, value]]));

  return {
    save: (name, value) => put(name, seal(secret(), clock.id("salt"), bindingOf(name), value)),
    async find(name) {
      const sealed = await ledger.read((tx) => readMark(tx, platform, name));
      if (sealed === undefined) return undefined;
      const value = open(secret(), bindingOf(name), sealed);
      if (value === undefined) log.error("mark.unreadable", { platform, name });
      return value;
    },
    remove: (name) => put(name, undefined),
  };
}

/** @param salt never the same twice: key and nonce are of this one value */
function seal(secret: string, salt: string, binding: string, value: string): string {
  const { key, nonce } = derived(secret, salt);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(binding));
  const sealed = Buffer.concat([cipher.update(value, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return `${version}.${salt}.${sealed.toString("base64url")}`;
}

/** Undefined when it was changed, or sealed with another secret or for another name. */
function open(secret: string, binding: string, text: string): string | undefined {
  const [form, salt = "", body = ""] = text.split(".");
  const sealed = Buffer.from(body, "base64url");
  if (form !== version || sealed.length < tagBytes) return undefined;
  const { key, nonce } = derived(secret, salt);
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: tagBytes })
      .setAAD(Buffer.from(binding))
      .setAuthTag(sealed.subarray(-tagBytes));
    return decipher.update(sealed.subarray(0, -tagBytes), undefined, "utf8") + decipher.final("utf8");
  } catch {
    return undefined;
  }
}

function derived(secret: string, salt: string): { key: Buffer; nonce: Buffer } {
  const bytes = Buffer.from(hkdfSync("sha256", secret, salt, "deskhand sealed marks", keyBytes + nonceBytes));
  return { key: bytes.subarray(0, keyBytes), nonce: bytes.subarray(keyBytes) };
}
