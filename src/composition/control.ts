import { randomIds, systemClock } from "../adapters/runtime/index.js";
import { TypeOrmJobLog, TypeOrmJobReports, TypeOrmJobStore } from "../adapters/store/index.js";
import { Control } from "../core/operator/control.js";
import type { JobControl } from "../core/ports/job-operator.js";
import { openDatabase } from "./databases.js";
import { parseStoreUri } from "./uris.js";

/** Opens control over the jobs of a store, without a repository or a worker. Must be closed with `close`. */
export async function openControl(store: string): Promise<{ control: JobControl; close: () => Promise<void> }> {
  const database = await openDatabase(parseStoreUri(store), { existing: true });
  const control = new Control({
    jobs: new TypeOrmJobStore(database),
    log: new TypeOrmJobLog(database),
    reports: new TypeOrmJobReports(database),
    ids: randomIds,
    clock: systemClock,
    onWork: () => {},
  });
  return { control, close: () => database.close() };
}

/** Refuses a server's database without assetmill's tables, because a command that only reads must not create them. */
export async function refuseMissingStore(store: string): Promise<void> {
  const uri = parseStoreUri(store);
  if (uri.kind === "postgres") await (await openDatabase(uri, { existing: true })).close();
}
