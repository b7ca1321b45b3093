/** Which Keyv store is behind the memory: SQLite in the data folder, or what the URI names, loaded only then. */
import type { KeyvStoreAdapter } from "keyv";
import { DeskError, faultOf } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Backend } from "./backend.ts";
import { sqliteBackend } from "./sqlite-backend.ts";

/** Each exports a class that takes the URI; the options say to those that would hide errors that they may not. */
const packages = new Map<string, { name: string; options?: { throwOnErrors: boolean } }>([
  ["redis", { name: "@keyv/redis", options: { throwOnErrors: true } }],
  ["rediss", { name: "@keyv/redis", options: { throwOnErrors: true } }],
  ["mysql", { name: "@keyv/mysql" }],
  ["mongodb", { name: "@keyv/mongo" }],
  ["etcd", { name: "@keyv/etcd" }],
]);

/**
 * What opens the backend, as often as needed.
 * @param path of the SQLite file when no URI says otherwise
 * @throws DeskError config_invalid for a URI that nothing here understands, or whose package is not installed; from what
 *   is returned, too
 */
export async function backendFor(
  uri: string | undefined,
  path: string,
  log: Log,
): Promise<() => Promise<Backend>> {
  if (uri === undefined) return sqliteBackend(path, log);
  // Only the scheme is ever shown: the rest may hold a password.
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(uri)?.[1]?.toLowerCase();
  if (scheme === "sqlite") return sqliteBackend(uri.slice("sqlite://".length) || path, log);
  if (scheme === "postgres" || scheme === "postgresql") {
    const { postgresBackend } = await import("./postgres-backend.ts");
    return postgresBackend(uri);
  }
  const wanted = packages.get(scheme ?? "");
  if (!wanted) {
    const known = ["sqlite", "postgres", "postgresql", ...packages.keys()]
      .map((name) => `${name}://`)
      .join(", ");
    throw new DeskError("config_invalid", `KEYV_URI must begin with one of ${known}`);
  }
  const KeyvStore = await load(wanted.name, `${scheme}://`);
  return async () => {
    const store = storeOf(KeyvStore, uri, wanted.options, `${scheme}://`);
    // Its errors come with the operation that they belong to; unheard, they would end the process.
    store.on("error", () => {});
    return { store, close: async () => store.disconnect?.(true) };
  };
}

/** `disconnect(true)` of @keyv/redis does not wait for a server that is not there. */
type RemoteStore = KeyvStoreAdapter & { disconnect?(force: boolean): Promise<void> };
type KeyvStoreClass = new (uri: string, options?: object) => RemoteStore;

function storeOf(
  KeyvStore: KeyvStoreClass,
  uri: string,
  options: object | undefined,
  scheme: string,
): RemoteStore {
  try {
    return new KeyvStore(uri, options);
  } catch (error) {
    // Some quote the whole address.
    const said = faultOf(error);
    const why = /[@/]/.test(said) ? "" : `: ${said}`;
    throw new DeskError("config_invalid", `KEYV_URI is not an address that a ${scheme} store takes${why}`);
  }
}

async function load(name: string, scheme: string): Promise<KeyvStoreClass> {
  try {
    const module: { default: KeyvStoreClass } = await import(name);
    return module.default;
  } catch (cause) {
    const missing = (cause as { code?: unknown }).code === "ERR_MODULE_NOT_FOUND";
    const fault = missing ? `needs the package ${name}: npm install ${name}` : `cannot load ${name}`;
    throw new DeskError("config_invalid", `KEYV_URI ${scheme} ${fault}`, { cause });
  }
}
