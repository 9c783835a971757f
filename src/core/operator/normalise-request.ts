import { AssetmillError, invalidParameter } from "../errors.js";
import { FILE_TYPES, type FileType } from "../asset/file-type.js";
import {
  EPOCH_SECONDS,
  FAILURES_PERCENTAGE,
  type JobRequest,
  MAX_EPOCH_MS,
  type MaxFailures,
  MIGRATION_TYPE,
  type RequestFilter,
} from "../job/job-request.js";
import { normalisePath } from "../asset/path.js";
import type { AssetStatusRequest, StartRequest } from "../ports/job-operator.js";

const FIELDS = new Set([
  "path",
  "paths",
  "excludedPaths",
  "type",
  "filter",
  "priority",
  "maxFailures",
  "dryRun",
  "onOverlap",
]);
const FILTER_FIELDS = new Set(["fileTypes", "startTime", "endTime", "filterProcessedAssets"]);

/** Validates a start request and returns it in the form that is stored. Errors name the invalid field. */
export function normaliseRequest(request: StartRequest, knownTypes: readonly string[]): JobRequest {
  refuseUnknown(request, FIELDS, "");
  const type = typeField(request.type, knownTypes);
  const paths = pathFields(request);
  const { excludedPaths: excluded, filter, priority, maxFailures, dryRun, onOverlap } = withoutNull(request);
  return {
    type,
    paths,
    ...(excluded === undefined ? {} : { excludedPaths: pathList(excluded, "excludedPaths") }),
    ...(filter === undefined ? {} : { filter: filterField(filter) }),
    priority: integer(priority ?? 5, "priority", 0, 9),
    ...(maxFailures === undefined ? {} : { maxFailures: maxFailuresField(maxFailures) }),
    ...(trueOrFalse(dryRun, "dryRun") ? { dryRun: true } : {}),
    ...(overlapField(onOverlap) === "queue" ? { onOverlap: "queue" } : {}),
  };
}

/** Turns an asset status request into the request of a job that only lists. The caller fills in `missing`. */
export function normaliseListing(request: AssetStatusRequest): JobRequest {
  refuseUnknown(request, LISTING_FIELDS, "");
  const { excludedPaths: excluded } = withoutNull(request);
  return {
    type: LISTING_TYPE,
    paths: pathFields(request),
    ...(excluded === undefined ? {} : { excludedPaths: pathList(excluded, "excludedPaths") }),
    priority: 0,
    listing: { missing: [] },
  };
}
const LISTING_FIELDS = new Set(["path", "paths", "excludedPaths"]);

/** The type of listing jobs. No plugin's type can have this name, and the history leaves it out. */
export const LISTING_TYPE = "$ASSET_STATUS";

type Given<T> = { readonly [Name in keyof T]: Exclude<T[Name], null> };

/** Returns the fields that are not null: many clients write null for what they leave out. */
const withoutNull = <T extends object>(request: T): Given<T> =>
  Object.fromEntries(Object.entries(request).filter(([, value]) => value !== null)) as Given<T>;

function refuseUnknown(value: unknown, known: ReadonlySet<string>, prefix: string): void {
  if (typeof value !== "object" || value === null || (prefix === "" && Array.isArray(value)))
    throw invalidParameter(prefix.slice(0, -1) || "request", "must be an object");
  for (const name of Object.keys(value)) {
    if (known.has(name)) continue;
    const field = `${prefix}${name}`;
    const message = `is not a field of this request; its fields are ${[...known].join(", ")}`;
    throw new AssetmillError("UNKNOWN_FIELD", `${field} ${message}`, { ids: { field }, fields: [{ field, message }] });
  }
}

function typeField(type: unknown, known: readonly string[]): string {
  if (typeof type !== "string" || type === "") throw invalidParameter("type", "is required");
  if (known.includes(type)) return type;
  throw unknownType(type, known);
}

/** Makes an UNKNOWN_TYPE error that lists the known types, or says what a migration lacks. */
export function unknownType(type: string, known: readonly string[]): AssetmillError {
  if (type === MIGRATION_TYPE) return missingTarget();
  const message = `unknown type ${JSON.stringify(type.slice(0, 100))}; known types are ${known.join(", ")}`;
  return new AssetmillError("UNKNOWN_TYPE", `type: ${message}`, {
    ids: { field: "type" },
    fields: [{ field: "type", message }],
  });
}

/**
 * Makes the error for a migration without a target. Only the operator of this process sets the target, never a request.
 */
export function missingTarget(): AssetmillError {
  const message = `${MIGRATION_TYPE} has no target: name a database with --target (in createAssetmill: target)`;
  return new AssetmillError("UNKNOWN_TYPE", message, {
    ids: { field: "type" },
    fields: [{ field: "type", message }],
  });
}

function pathFields(request: Pick<StartRequest, "path" | "paths">): readonly string[] {
  const { path, paths } = withoutNull(request);
  if (path !== undefined && paths !== undefined) throw invalidParameter("paths", "cannot be combined with path");
  if (paths !== undefined) {
    const roots = pathList(paths, "paths");
    if (roots.length === 0) throw invalidParameter("paths", "must name at least one path");
    return roots;
  }
  if (path === undefined) throw invalidParameter("path", "is required");
  return [normalisePath(text(path, "path"), "path")];
}

/** Returns normalised paths in the order given, without duplicates. */
function pathList(value: string | readonly string[], field: string): readonly string[] {
  const list = typeof value === "string" ? [value] : value;
  if (!Array.isArray(list)) throw invalidParameter(field, "must be a path or a list of paths");
  return [...new Set(list.map((path, i) => normalisePath(text(path, `${field}[${i}]`), `${field}[${i}]`)))];
}

function filterField(filter: NonNullable<StartRequest["filter"]>): RequestFilter {
  refuseUnknown(filter, FILTER_FIELDS, "filter.");
  const { fileTypes: types, startTime, endTime, filterProcessedAssets = false } = withoutNull(filter);
  if (startTime !== undefined) epochMs(startTime, "filter.startTime");
  if (endTime !== undefined) epochMs(endTime, "filter.endTime");
  if (startTime !== undefined && endTime !== undefined && startTime > endTime) {
    throw invalidParameter("filter.startTime", "must not be after filter.endTime");
  }
  trueOrFalse(filterProcessedAssets, "filter.filterProcessedAssets");
  return {
    fileTypes: fileTypes(types ?? []),
    ...(startTime === undefined ? {} : { startTime }),
    ...(endTime === undefined ? {} : { endTime }),
    filterProcessedAssets,
  };
}

function fileTypes(value: string | readonly string[]): readonly FileType[] {
  const list = typeof value === "string" ? [value] : value;
  const allowed: readonly string[] = FILE_TYPES;
  if (!Array.isArray(list) || list.some((type: unknown) => !allowed.includes(type as string))) {
    throw invalidParameter("filter.fileTypes", `must be one or more of ${FILE_TYPES.join(", ")}`);
  }
  return FILE_TYPES.filter((type) => list.includes(type));
}

function epochMs(value: unknown, field: string): void {
  integer(value, field, 0, MAX_EPOCH_MS);
  if ((value as number) >= EPOCH_SECONDS.from && (value as number) < EPOCH_SECONDS.before) {
    throw invalidParameter(field, `${String(value)} looks like seconds; must be in epoch milliseconds`);
  }
}

function maxFailuresField(value: number | string): MaxFailures {
  if (typeof value === "string" && FAILURES_PERCENTAGE.test(value)) return value as MaxFailures;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw invalidParameter("maxFailures", 'must be a whole number of at least 0, or a percentage such as "5%"');
}

function trueOrFalse(value: unknown, field: string): boolean {
  if (value === undefined || typeof value === "boolean") return value === true;
  throw invalidParameter(field, "must be true or false");
}

function overlapField(value: unknown): "refuse" | "queue" {
  if (value === undefined || value === "refuse" || value === "queue") return value ?? "refuse";
  throw invalidParameter("onOverlap", "must be refuse or queue");
}

function integer(value: unknown, field: string, least: number, most: number): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= most) return value;
  throw invalidParameter(field, `must be a whole number from ${least} to ${most}`);
}

function text(value: unknown, field: string): string {
  if (typeof value === "string") return value;
  throw invalidParameter(field, "must be a string");
}
