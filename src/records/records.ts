/** What a running desk and the commands do with a customer's records; the same either way. */
import { open } from "node:fs/promises";
import { DeskError, faultOf } from "../errors.ts";
import { type EraseParts, type Erasure, eraseCustomer, examineCustomer } from "./erase-customer.ts";
import { exportCustomer } from "./export-customer.ts";

export interface Records {
  /** What would be erased. */
  examine(name: string): Promise<Erasure>;
  /** @throws DeskError memory_failed | ledger_busy, see `eraseCustomer` */
  erase(name: string): Promise<Erasure>;
  /**
   * Writes what is known as JSON, readable by its owner only.
   * @param file an absolute path where nothing is yet
   * @throws DeskError command_failed when the file cannot be written
   */
  exportTo(name: string, file: string): Promise<void>;
}

export function createRecords(parts: EraseParts): Records {
  return {
    examine: (name) => examineCustomer(parts, name),
    erase: (name) => eraseCustomer(parts, name),
    async exportTo(name, file) {
      const document = await open(file, "wx", 0o600).catch((cause: unknown) => {
        throw new DeskError("command_failed", faultOf(cause), { cause });
      });
      try {
        for await (const piece of exportCustomer(parts, name)) await document.write(piece);
      } finally {
        await document.close();
      }
    },
  };
}

/** The same for `deskhand` beside a running desk, which asks through its socket. */
export function recordsHandlers(records: Records) {
  return {
    "erase.examine": ({ customer }: Record<string, unknown>) => records.examine(String(customer)),
    erase: ({ customer }: Record<string, unknown>) => records.erase(String(customer)),
    export: ({ customer, file }: Record<string, unknown>) => records.exportTo(String(customer), String(file)),
  };
}
