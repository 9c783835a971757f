import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { SqliteDatabase } from "../../src/adapters/sql/index.js";
import { SCHEMA } from "../../src/composition/databases.js";
import { startOak } from "../jcr/servers/oak.js";
import { registerNodeTypes } from "../jcr/support/node-types.js";
import { basic, WORKSPACE } from "../jcr/support/servers.js";
import { startPostgres } from "../support/postgres-server.js";

/** "sqlite" takes the driver that is the default, "sqlite3" the other one. */
export const MODES = ["folder", "sqlite", "sqlite3", "postgres", "jcr"] as const;
export type Mode = (typeof MODES)[number];

/** Where the assets and the jobs of a run live. */
export interface Place {
  readonly assets: string;
  readonly store: string;
  /** The tree has to be imported first: it is not where the assets live. */
  readonly imports: boolean;
  /** The port of 127.0.0.1 at which a server holds the assets. */
  readonly port?: number;
  /** Fails where the database itself says that it is damaged. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** This machine lacks what a mode or a scenario needs. */
export class NotRun extends Error {}

/** A place of this kind of its own. `tree` is the folder of the assets, `mount` their path in the repository. */
export async function openPlace(mode: Mode, folder: string, tree: string, mount: string): Promise<Place> {
  if (mode === "postgres") {
    const { url, port, stop } = await startPostgres();
    return { assets: url, store: url, imports: true, port, check: async () => {}, close: stop };
  }
  const file = join(folder, "store.sqlite");
  const store = `sqlite:${file}${mode === "sqlite3" ? "?driver=sqlite3" : ""}`;
  const there = { store, check: () => integrityCheck(file), close: async () => {} };
  if (mode === "sqlite" || mode === "sqlite3") return { assets: store, imports: true, ...there };
  if (mode === "jcr") return { ...there, ...(await openOak()) };
  return { assets: `folder:${tree}?mount=${mount}`, imports: false, ...there };
}

/** A real Oak on segments, which knows the DAM's types. */
async function openOak(): Promise<Pick<Place, "assets" | "imports" | "port" | "close">> {
  for (const [tool, version] of [
    ["java", "-version"],
    ["javac", "-version"],
    ["mvn", "-version"],
  ] as const) {
    if (spawnSync(tool, [version]).error) throw new NotRun(`a real Oak needs a JDK and Maven; ${tool} is missing`);
  }
  const oak = await startOak("segment");
  try {
    await registerNodeTypes(oak.origin, WORKSPACE, basic("admin", "admin"));
  } catch (error) {
    await oak.stop();
    throw error;
  }
  const { host, port } = new URL(oak.origin);
  return { assets: `jcr+http://admin:admin@${host}`, imports: true, port: Number(port), close: () => oak.stop() };
}

async function integrityCheck(file: string): Promise<void> {
  const database = await SqliteDatabase.open({ file, ...SCHEMA });
  try {
    const rows = await database.read("pragma integrity_check");
    if (rows.length !== 1 || rows[0]?.integrity_check !== "ok")
      throw new Error(`the database is damaged: ${JSON.stringify(rows)}`);
  } finally {
    await database.close();
  }
}
