import type { ServiceIdentifier } from "inversify";
import type { Logger } from "winston";
import type { SqlDatabase } from "../adapters/sql/index.js";
import type { EngineTools } from "../core/engine/tools.js";
import type { AssetHandler } from "../core/ports/asset-handler.js";
import { ASSET_HANDLER as HANDLER } from "../core/ports/asset-handler-token.js";
import type { AssetRepository } from "../core/ports/asset-repository.js";
import type { ChunkStore } from "../core/ports/chunk-store.js";
import type { JobLog } from "../core/ports/job-log.js";
import type { JobOperator } from "../core/ports/job-operator.js";
import type { JobReports } from "../core/ports/job-reports.js";
import type { JobStore } from "../core/ports/job-store.js";
import type { OpenResources } from "./open-resources.js";

/** Makes the service identifier of a binding. `Symbol.for`: two copies of this package agree on it. */
const token = <T>(name: string): ServiceIdentifier<T> => Symbol.for(`assetmill.${name}`);

/** Plugins bind their handlers here. */
export const ASSET_HANDLER: ServiceIdentifier<AssetHandler> = HANDLER;
export const ASSET_REPOSITORY = token<AssetRepository>("AssetRepository");
/** The host's winston logger. */
export const HOST_LOGGER = token<Logger>("HostLogger");
/** Resources that `close` closes. */
export const OPEN_RESOURCES = token<OpenResources>("OpenResources");
export const SQL_DATABASE = token<SqlDatabase>("SqlDatabase");
export const JOB_STORE = token<JobStore>("JobStore");
export const CHUNK_STORE = token<ChunkStore>("ChunkStore");
export const JOB_LOG = token<JobLog>("JobLog");
export const JOB_REPORTS = token<JobReports>("JobReports");
export const JOB_OPERATOR = token<JobOperator>("JobOperator");
export const ENGINE_TOOLS = token<EngineTools>("EngineTools");
