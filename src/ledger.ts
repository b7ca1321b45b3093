/**
 * The contract of a ledger: a SQL database that loses nothing it has said it keeps. The same tables and statements run
 * on every implementation: `?` for parameters, ON CONFLICT and RETURNING, integers for times (milliseconds since 1970)
 * and booleans, TEXT for JSON.
 */

export interface Ledger {
  /**
   * Runs `work` in one transaction; when this resolves, its writes are durable. Work of several callers may share one
   * commit. `work` may be run again after a conflict or a lock, so it has no effects but through `tx`; what it throws
   * rolls back its own writes only, and rejects with that. It awaits nothing but `tx`: everybody's writes stand behind
   * it, so work that waits for anything else (another write too) fails. A statement that fails dooms its work, caught
   * or not.
   * @throws DeskError ledger_busy | ledger_full | ledger_failed: nothing was written
   */
  write<T>(work: (tx: Transaction) => T | Promise<T>, how?: HowDurable): Promise<T>;
  /**
   * Runs `work` on what has been committed: each statement sees what had been when it ran. `work` may be run again.
   * @throws DeskError ledger_busy | ledger_full | ledger_failed
   */
  read<T>(work: (tx: Reader) => T | Promise<T>): Promise<T>;
  /** Waits for writes under way, then closes. */
  close(): Promise<void>;
  /**
   * Makes what has been deleted unreadable on the disk as well, the log of changes included. The database is written
   * anew for that, and nothing else is done meanwhile: some seconds for each gigabyte.
   * @param bytesMax of a larger database only the log is emptied; in unused parts of its pages, pieces may be left
   * @returns whether nothing is left
   * @throws DeskError ledger_busy when a reader or another process does not let go; deleted it is all the same
   */
  scrub?(bytesMax?: number): Promise<boolean>;
}

/**
 * `lazy`: a crash of the database's own may lose it, the death of a process may not, and a later write that is kept has
 * kept it as well. For what costs more to wait for than to find out again.
 */
export interface HowDurable {
  lazy?: boolean;
}

export type SqlValue = string | number | null;
export type Row = Record<string, SqlValue>;

export interface Reader {
  all<R = Row>(sql: string, ...values: SqlValue[]): R[] | Promise<R[]>;
  get<R = Row>(sql: string, ...values: SqlValue[]): R | undefined | Promise<R | undefined>;
}

export interface Transaction extends Reader {
  /**
   * The database's own time when the transaction began, in milliseconds since 1970: the same clock for all processes
   * of a desk, for what they agree upon by time (leases).
   */
  readonly now: number;
  /** The number of rows changed. */
  run(sql: string, ...values: SqlValue[]): number | Promise<number>;
}
