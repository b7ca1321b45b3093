"use strict";
// @keyv/sqlite calls four things of the sqlite3 package: Database, all, configure, close. This is those four over
// the SQLite that the ledger already uses, so the process holds one SQLite and the install needs no compiler.
const { DatabaseSync } = require("@photostructure/sqlite");

class Database {
  #database;
  #statements = new Map();

  constructor(path, opened) {
    let failure = null;
    try {
      this.#database = new DatabaseSync(path, { timeout: 50 });
      this.#database.exec(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON",
      );
    } catch (error) {
      failure = error;
    }
    queueMicrotask(() => opened(failure));
  }

  configure(option, value) {
    if (option === "busyTimeout") this.#database.exec(`PRAGMA busy_timeout = ${Number(value)}`);
  }

  /** all(sql, ...parameters | [parameters], callback): rows, or the error, to the callback. */
  all(sql, ...rest) {
    const done = rest.pop();
    let rows;
    try {
      let statement = this.#statements.get(sql);
      if (!statement) {
        statement = this.#database.prepare(sql);
        this.#statements.set(sql, statement);
      }
      rows = statement.all(...rest.flat());
    } catch (error) {
      done(error);
      return;
    }
    done(null, rows);
  }

  close(closed) {
    this.#statements.clear();
    try {
      this.#database.close();
    } catch (error) {
      closed(error);
      return;
    }
    closed(null);
  }
}

module.exports = { Database };
