"use strict";
// @keyv/sqlite calls four things of the sqlite3 package: Database, all, configure, close. This is those four over
// the SQLite that the ledger already uses, so the process holds one SQLite and the install needs no compiler.
// As in sqlite3, errors carry SQLite's own name in `code` and every callback comes later, never within the call.
const { closeSync, existsSync, openSync } = require("node:fs");
const { DatabaseSync } = require("@photostructure/sqlite");

// Reading the schema finds a broken file while the connection can still be closed: the driver cannot finalize a
// statement that has been prepared, and keeps the file open for as long.
const settings = `
  PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY;
  SELECT COUNT(*) FROM sqlite_schema`;

// While a lock is waited for the event loop stands still.
const busyMsMax = 20;

class Database {
  #database;
  #statements = new Map();

  constructor(path, opened) {
    later(opened, () => {
      // Readable by its owner only. Not when it exists: to close a file is to lose this process's locks on it.
      if (path !== ":memory:" && !existsSync(path)) closeSync(openSync(path, "a", 0o600));
      this.#database = new DatabaseSync(path, { timeout: 10 });
      try {
        this.#database.exec(settings);
      } catch (error) {
        this.#database.close();
        throw error;
      }
    });
  }

  configure(option, value) {
    if (option !== "busyTimeout") return;
    const busyMs = Math.min(Math.max(0, Math.trunc(Number(value)) || 0), busyMsMax);
    this.#database.exec(`PRAGMA busy_timeout = ${busyMs}`);
  }

  /** all(sql, ...parameters | [parameters], callback): rows, or the error, to the callback. */
  all(sql, ...rest) {
    const done = rest.pop();
    later(done, () => this.#prepared(sql).all(...rest.flat()));
  }

  close(closed) {
    this.#statements.clear();
    later(closed, () => {
      try {
        // The file stays open until the statements are collected; until then its log is not merged by itself.
        this.#database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      } finally {
        this.#database.close();
      }
    });
  }

  /** @keyv/sqlite has about ten texts; their statements are kept. */
  #prepared(sql) {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** Runs it now and calls back in a moment: an error that the callback throws is not taken for the database's. */
function later(callback, run) {
  let result;
  let failure = null;
  try {
    result = run();
  } catch (error) {
    failure = named(error);
  }
  queueMicrotask(() => callback(failure, result));
}

/** The driver's `all` throws without a code, but with SQLite's own text. */
const namesByText = {
  "database is locked": "SQLITE_BUSY",
  "database disk image is malformed": "SQLITE_CORRUPT",
  "database or disk is full": "SQLITE_FULL",
  "file is not a database": "SQLITE_NOTADB",
};

function named(error) {
  error.code = error.sqliteCodeName ?? namesByText[error.message] ?? error.code ?? "SQLITE_ERROR";
  return error;
}

module.exports = { Database };
