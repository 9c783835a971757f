import "reflect-metadata";

export { type Assetmill, createAssetmill } from "./assetmill.js";
export type { Asset } from "./core/asset.js";
export type { EngineOptions } from "./core/engine/options.js";
export { AssetFailure, AssetmillError, type ErrorCode, RetryableError, SkipAsset } from "./core/errors.js";
export { FILE_TYPES, type FileType } from "./core/file-type.js";
export type { AssetReference, HandlerResult, PropertyValue } from "./core/handler-result.js";
export { JOB_STATUSES, type JobStatus, LIFECYCLE } from "./core/lifecycle.js";
export type { JobReport } from "./core/operator/job-report.js";
export type { Outcome, OutcomeKind, ReportedOutcome } from "./core/outcome.js";
export type { AssetHandler, HandlerContext, HandlerLogger } from "./core/ports/asset-handler.js";
export type {
  AssetRepository,
  AssetResult,
  AssetWrite,
  RefusalCode,
  RefusedWrite,
} from "./core/ports/asset-repository.js";
export type { Authenticator, Credentials, Principal } from "./core/ports/authenticator.js";
export type { JobControl, JobOperator, StartRequest } from "./core/ports/job-operator.js";
export type { PathRules } from "./core/skip-rules.js";
export { assetmillEntities } from "./databases.js";
export type { AssetmillOptions, DatabaseLoan, Plugin } from "./options.js";
export { ASSET_HANDLER } from "./tokens.js";
