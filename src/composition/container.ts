import "reflect-metadata";
import type { Container } from "inversify";
import { createHostLogger, handlerLoggers } from "../adapters/logging/index.js";
import {
  HostProbe,
  ProcessIdentity,
  randomIds,
  sha256,
  startWatchdog,
  systemClock,
} from "../adapters/runtime/index.js";
import {
  TypeOrmChunkStore,
  TypeOrmJobLog,
  TypeOrmJobReports,
  TypeOrmJobRetention,
  TypeOrmJobStore,
} from "../adapters/store/index.js";
import { latencyOn } from "../core/engine/health/stopwatch.js";
import { Worker } from "../core/engine/worker.js";
import { checkHandlers, handlersIn, loadHandlers, mayBeRefused, openThreads } from "./handlers.js";
import { defaultStore } from "./default-store.js";
import { migrationTarget, openRepository, openStore, refuseWrongFolder } from "./repositories.js";
import type { EngineJournal, EngineTools } from "../core/engine/tools.js";
import { messageOf } from "../core/errors.js";
import { Operator } from "../core/operator/operator.js";
import type { AssetHandler } from "../core/ports/asset-handler.js";
import type { HandlerThreads } from "../core/ports/handler-threads.js";
import { MigrationWatch } from "../core/transfer/migration-watch.js";
import { SkipRules } from "../core/asset/skip-rules.js";
import { type AssetmillOptions, checkMaxActiveJobs, checkRetention, resolveEngineOptions } from "../options.js";
import { refuseWrongKinds } from "./wrong-kinds.js";
import { OpenResources } from "./open-resources.js";
import {
  ASSET_REPOSITORY,
  CHUNK_STORE,
  ENGINE_TOOLS,
  OPEN_RESOURCES,
  HOST_LOGGER,
  JOB_LOG,
  JOB_OPERATOR,
  JOB_REPORTS,
  JOB_STORE,
  SQL_DATABASE,
} from "./tokens.js";

/** The composition root: opens what the options name and binds every port to its adapter. */
export async function composeContainer(options: AssetmillOptions, onWork: () => void): Promise<Container> {
  refuseWrongKinds(options);
  const engine = resolveEngineOptions(options);
  checkRetention(options);
  checkMaxActiveJobs(options);
  await refuseWrongFolder(options.assets);
  const resources = new OpenResources();
  const open = async () => resources.add(await openStore(options.store ?? defaultStore(options.assets)));
  // The store opens while container and handlers are loaded, unless these may be refused: then it must not be created.
  const opening = mayBeRefused(options) ? undefined : open();
  opening?.catch(() => {});
  let container: Container;
  // Made at the first line: most processes log nothing.
  const logger = () => container.get(HOST_LOGGER);
  let handlers: readonly AssetHandler[];
  let threads: HandlerThreads | undefined;
  let migrations: MigrationWatch | undefined;
  try {
    container = new (await import("inversify")).Container({ defaultScope: "Singleton" });
    container.bind(HOST_LOGGER).toDynamicValue(() => options.logger ?? createHostLogger("warn"));
    container.bind(OPEN_RESOURCES).toConstantValue(resources);
    await loadHandlers(container, options);
    const database = await (opening ?? open());
    container.bind(SQL_DATABASE).toConstantValue(database);
    const repository = resources.add(await openRepository(options.assets, database, { existingContents: true }));
    container.bind(ASSET_REPOSITORY).toConstantValue(repository);
    if (options.target !== undefined) {
      const target = resources.add(await openRepository(options.target, database, { field: "target" }));
      const { migrationModule } = await import("../plugins/migration/index.js");
      await container.loadAsync(migrationModule(repository, migrationTarget(target, repository)));
      migrations = resources.add(
        new MigrationWatch({
          target,
          log: new TypeOrmJobLog(database),
          clock: systemClock,
          onError: (jobId, error) =>
            void logger().warn(`job ${jobId}: could not verify its copies: ${messageOf(error)}`),
        }),
      );
    }
    handlers = checkHandlers(handlersIn(container));
    threads = await openThreads(handlers, options, engine);
    if (threads) resources.add(threads);
  } catch (error) {
    await opening?.catch(() => {});
    await resources.close();
    throw error;
  }
  container.bind(JOB_STORE).toResolvedValue((db) => new TypeOrmJobStore(db), [SQL_DATABASE]);
  container.bind(CHUNK_STORE).toResolvedValue((db) => new TypeOrmChunkStore(db), [SQL_DATABASE]);
  container.bind(JOB_LOG).toResolvedValue((db) => new TypeOrmJobLog(db), [SQL_DATABASE]);
  container.bind(JOB_REPORTS).toResolvedValue((db) => new TypeOrmJobReports(db), [SQL_DATABASE]);
  container.bind(JOB_OPERATOR).toResolvedValue(
    (jobs, log, reports, repository) =>
      new Operator({
        jobs,
        log,
        reports,
        repository,
        handlers,
        ids: randomIds,
        clock: systemClock,
        ...(options.maxActiveJobs === undefined ? {} : { maxActiveJobs: options.maxActiveJobs }),
        onWork,
      }),
    [JOB_STORE, JOB_LOG, JOB_REPORTS, ASSET_REPOSITORY],
  );
  container.bind(ENGINE_TOOLS).toResolvedValue(
    (jobs, chunks, reports, repository): EngineTools => ({
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
          void logger().warn(`${messageOf(error)}; trying again in ${Math.round(retryInMs)} ms`),
        failed: (jobId, error) =>
          void logger().error(
            `job ${jobId}: ${error instanceof Error ? (error.stack ?? error.message) : messageOf(error)}`,
          ),
      } satisfies EngineJournal,
      options: engine,
      latency: latencyOn(systemClock),
      ...(options.throttle === false ? {} : { health: new HostProbe() }),
      ...(threads ? { threads } : {}),
      ...(migrations ? { onEnd: migrations.ended } : {}),
    }),
    [JOB_STORE, CHUNK_STORE, JOB_REPORTS, ASSET_REPOSITORY],
  );
  return container;
}

/** Returns a worker for all jobs of the repository, or for one. */
export const createWorker = (container: Container, jobId?: string): Worker =>
  new Worker(container.get(ENGINE_TOOLS), jobId);

/** Deletes old jobs from time to time, if the options ask for it. Returns a function that ends that. */
export function beginRetention(container: Container, { retention }: AssetmillOptions): () => Promise<void> {
  const { days, jobs } = retention ?? {};
  if (days === undefined && jobs === undefined) return async () => {};
  const onError = (error: unknown): void =>
    void container.get(HOST_LOGGER).warn(`could not delete old jobs: ${messageOf(error)}`);
  const schedule = import("../adapters/schedule/index.js").then(({ scheduleRetention }) =>
    scheduleRetention({
      retention: new TypeOrmJobRetention(container.get(SQL_DATABASE)),
      rule: {
        ...(days === undefined ? {} : { maxAgeMs: days * 86_400_000 }),
        ...(jobs === undefined ? {} : { maxJobs: jobs }),
      },
      clock: systemClock,
      onError,
    }),
  );
  schedule.catch(onError);
  return async () => (await schedule)();
}

/** Starts the watchdog of the main thread, if the options ask for it. Returns a function that ends it. */
export function guardMainThread(options: AssetmillOptions): () => Promise<void> {
  return options.watchdog === true ? startWatchdog(resolveEngineOptions(options).deadlineMs) : async () => {};
}
