import { randomIds, systemClock } from "../adapters/runtime/index.js";
import { TypeOrmJobLog, TypeOrmJobReports, TypeOrmJobStore } from "../adapters/store/index.js";
import { Control } from "../core/operator/control.js";
import type { JobControl } from "../core/ports/job-operator.js";
import { openDatabase } from "./databases.js";
import { parseStoreUri } from "./uris.js";

/**
 * Opens control over the jobs of a store, without a repository or a worker. Must be closed with `close`. A SQLite file that
 * this user may not change can be asked, and refuses every change.
 */
export async function openControl(store: string): Promise<{ control: JobControl; close: () => Promise<void> }> {
  const database = await openDatabase(parseStoreUri(store), { existing: true, mayBeReadOnly: true });
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
