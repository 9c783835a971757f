import { randomIds, systemClock } from "../adapters/runtime/index.js";
import { TypeOrmJobLog, TypeOrmJobReports, TypeOrmJobStore } from "../adapters/store/index.js";
import { Operator } from "../core/operator/operator.js";
import type { JobOperator } from "../core/ports/job-operator.js";
import { openDatabase } from "./databases.js";
import { OpenResources } from "./open-resources.js";
import { openRepository } from "./repositories.js";
import { parseStoreUri } from "./uris.js";

/**
 * Opens the results of an existing repository and store, without handlers or a worker. Creates nothing: databases and files
 * that this user may only read will do. Must be closed with `close`.
 */
export async function openResults(
  assets: string,
  store: string,
): Promise<Pick<JobOperator, "results"> & { close(): Promise<void> }> {
  const opening = { existing: true, mayBeReadOnly: true };
  const resources = new OpenResources();
  try {
    const database = resources.add(await openDatabase(parseStoreUri(store), opening));
    const repository = resources.add(await openRepository(assets, database, { ...opening, existingContents: true }));
    const operator = new Operator({
      jobs: new TypeOrmJobStore(database),
      log: new TypeOrmJobLog(database),
      reports: new TypeOrmJobReports(database),
      repository,
      handlers: [],
      ids: randomIds,
      clock: systemClock,
      onWork: () => {},
    });
    return { results: (path) => operator.results(path), close: () => resources.close() };
  } catch (error) {
    await resources.close();
    throw error;
  }
}
