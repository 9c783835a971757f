import "reflect-metadata";
import { Container, ContainerModule } from "inversify";
import { FolderAssetRepository, FolderResults1761300000001 } from "./adapters/assets/folder/index.js";
import { createHostLogger, handlerLoggers } from "./adapters/logging/index.js";
import { ProcessIdentity, randomIds, sha256, systemClock } from "./adapters/runtime/index.js";
import { type SqlDatabase, SqliteDatabase } from "./adapters/sql/index.js";
import {
  Contract1763900000002,
  JobRow,
  Jobs1761300000000,
  TypeOrmChunkStore,
  TypeOrmJobLog,
  TypeOrmJobReports,
  TypeOrmJobStore,
} from "./adapters/store/index.js";
import type { EngineJournal, EngineTools } from "./core/engine/tools.js";
import { invalidParameter, messageOf } from "./core/errors.js";
import { Control } from "./core/operator/control.js";
import { Operator } from "./core/operator/operator.js";
import type { AssetHandler } from "./core/ports/asset-handler.js";
import type { AssetRepository } from "./core/ports/asset-repository.js";
import type { JobControl } from "./core/ports/job-operator.js";
import { SkipRules } from "./core/skip-rules.js";
import { type AssetmillOptions, type Plugin, resolveEngineOptions } from "./options.js";
import { ditaModule } from "./plugins/dita/index.js";
import {
  ASSET_HANDLER,
  ASSET_REPOSITORY,
  CHUNK_STORE,
  ENGINE_TOOLS,
  HOST_LOGGER,
  JOB_LOG,
  JOB_OPERATOR,
  JOB_REPORTS,
  JOB_STORE,
  SQL_DATABASE,
} from "./tokens.js";
import { type FolderUri, parseAssetsUri, parseStoreUri } from "./uris.js";

export const DEFAULT_STORE = "sqlite:assetmill.sqlite";

/** The composition root: opens what the options name and binds every port to its adapter. */
export async function composeContainer(options: AssetmillOptions, onWork: () => void): Promise<Container> {
  const engine = resolveEngineOptions(options);
  const container = new Container({ defaultScope: "Singleton" });
  container.bind(HOST_LOGGER).toConstantValue(options.logger ?? createHostLogger("warn"));
  await loadHandlers(container, options);
  const handlers = checkHandlers(container.getAll(ASSET_HANDLER));
  const assets = typeof options.assets === "string" ? parseAssetsUri(options.assets) : options.assets;
  const database = await openStore(options.store ?? DEFAULT_STORE);
  try {
    container.bind(SQL_DATABASE).toConstantValue(database);
    container.bind(ASSET_REPOSITORY).toConstantValue(await openRepository(assets, database));
  } catch (error) {
    await database.close();
    throw error;
  }
  container.bind(JOB_STORE).toResolvedValue((db) => new TypeOrmJobStore(db), [SQL_DATABASE]);
  container.bind(CHUNK_STORE).toResolvedValue((db) => new TypeOrmChunkStore(db), [SQL_DATABASE]);
  container.bind(JOB_LOG).toResolvedValue((db) => new TypeOrmJobLog(db), [SQL_DATABASE]);
  container.bind(JOB_REPORTS).toResolvedValue((db) => new TypeOrmJobReports(db), [SQL_DATABASE]);
  container
    .bind(JOB_OPERATOR)
    .toResolvedValue(
      (jobs, log, reports, repository) =>
        new Operator({ jobs, log, reports, repository, handlers, ids: randomIds, clock: systemClock, onWork }),
      [JOB_STORE, JOB_LOG, JOB_REPORTS, ASSET_REPOSITORY],
    );
  container.bind(ENGINE_TOOLS).toResolvedValue(
    (jobs, chunks, reports, repository, logger): EngineTools => ({
      jobs,
      chunks,
      reports,
      repository,
      handlers,
      skipRules: new SkipRules(options.pathRules),
      owner: new ProcessIdentity(),
      clock: systemClock,
      createDigest: sha256,
      random: Math.random,
      openHandlerLogger: handlerLoggers(logger),
      journal: {
        unavailable: (error, retryInMs) =>
          void logger.warn(`${messageOf(error)}; trying again in ${Math.round(retryInMs)} ms`),
        failed: (jobId, error) =>
          void logger.error(
            `job ${jobId}: ${error instanceof Error ? (error.stack ?? error.message) : messageOf(error)}`,
          ),
      } satisfies EngineJournal,
      options: engine,
    }),
    [JOB_STORE, CHUNK_STORE, JOB_REPORTS, ASSET_REPOSITORY, HOST_LOGGER],
  );
  return container;
}

/** Control over the jobs of a store, with no repository and no worker; `close` ends it. */
export async function openControl(store: string): Promise<{ control: JobControl; close: () => Promise<void> }> {
  const database = await openStore(store);
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

/** Built-in handlers first, then the host's, each in its order. */
async function loadHandlers(container: Container, { plugins = [], builtIns = true }: AssetmillOptions): Promise<void> {
  const modules = plugins.map((plugin) => (isModule(plugin) ? plugin : moduleOf(plugin)));
  await container.loadAsync(...(builtIns ? [ditaModule] : []), ...modules);
  if (!container.isBound(ASSET_HANDLER)) throw invalidParameter("plugins", "there is no handler at all");
}

// By shape, not by class: a plugin may bring its own copy of inversify.
const isModule = (plugin: Plugin): plugin is ContainerModule =>
  plugin instanceof ContainerModule ||
  (typeof (plugin as Partial<ContainerModule>)?.load === "function" && !("process" in plugin));

const moduleOf = (handler: AssetHandler): ContainerModule =>
  new ContainerModule(({ bind }) => {
    bind(ASSET_HANDLER).toConstantValue(handler);
  });

/** What a handler must have, checked before the first asset meets it. */
function checkHandlers(handlers: readonly AssetHandler[]): readonly AssetHandler[] {
  const names = new Set<string>();
  for (const handler of handlers) {
    const name: unknown = handler?.name;
    if (typeof name !== "string" || !/^[\w.-]{1,64}$/.test(name)) {
      throw invalidParameter(
        "plugins",
        `a handler's name must be of letters, digits, ".", "_", "-"; got ${String(name)}`,
      );
    }
    if (names.has(name)) throw invalidParameter("plugins", `two handlers are named ${name}`);
    names.add(name);
    if (typeof handler.version !== "string") throw invalidParameter("plugins", `handler ${name} has no version`);
    if (typeof handler.process !== "function") throw invalidParameter("plugins", `handler ${name} has no process()`);
    if (handler.types !== undefined && !(Array.isArray(handler.types) && handler.types.length > 0)) {
      throw invalidParameter("plugins", `handler ${name}: types must be a list of job types`);
    }
  }
  return handlers;
}

function openStore(uri: string): Promise<SqlDatabase> {
  const { file } = parseStoreUri(uri);
  return SqliteDatabase.open({
    file,
    entities: [JobRow],
    migrations: [Jobs1761300000000, FolderResults1761300000001, Contract1763900000002],
  });
}

async function openRepository(assets: FolderUri | AssetRepository, database: SqlDatabase): Promise<AssetRepository> {
  return "kind" in assets ? FolderAssetRepository.open(assets, database) : assets;
}
