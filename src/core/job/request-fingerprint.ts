import type { JobRequest } from "./job-request.js";

/** Fields that `sameRequest` ignores: they say when the work is done, not what is done. */
export const SCHEDULING_FIELDS = ["priority", "onOverlap"] as const satisfies readonly (keyof JobRequest)[];

/** Returns whether both requests ask for the same work. */
export const sameRequest = (a: JobRequest, b: JobRequest): boolean => workOf(a) === workOf(b);

/**
 * Returns a text that is equal only for equal requests to the same repository; every field of the request counts.
 * It is stored with idempotency keys and compared with what earlier versions stored, so it must never change for a
 * request that those versions accept.
 */
export function fingerprintOf(request: JobRequest, repository: string): string {
  const { priority, onOverlap, ...others } = fieldsOf(request, isScheduling);
  return JSON.stringify([repository, workOf(request), priority, onOverlap ?? null, ...byName(others)]);
}

/**
 * The first fields have fixed positions and defaults, as every version has written them. Add none here: all other
 * fields of a request follow by name.
 */
function workOf(request: JobRequest): string {
  const { type, paths, excludedPaths, filter, maxFailures, dryRun, failedOf, listing, ...others } = fieldsOf(
    request,
    (name) => !isScheduling(name),
  );
  const { fileTypes, startTime, endTime, filterProcessedAssets, ...filterOthers } = filter ?? {};
  const { missing, ...listingOthers } = listing ?? {};
  return JSON.stringify([
    type,
    paths,
    excludedPaths ?? [],
    fileTypes ?? [],
    startTime ?? null,
    endTime ?? null,
    filterProcessedAssets ?? false,
    maxFailures ?? null,
    dryRun ?? false,
    failedOf ?? null,
    missing ?? null,
    ...byName({ ...others, ...prefixed("filter.", filterOthers), ...prefixed("listing.", listingOthers) }),
  ]);
}

const isScheduling = (name: string): boolean => (SCHEDULING_FIELDS as readonly string[]).includes(name);

const fieldsOf = (request: JobRequest, wanted: (name: string) => boolean): Partial<JobRequest> =>
  Object.fromEntries(Object.entries(request).filter(([name]) => wanted(name)));

const prefixed = (prefix: string, fields: object): object =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [`${prefix}${name}`, value as unknown]));

/** Returns one object with all defined fields, names sorted at every depth; an empty list if no field is defined. */
function byName(fields: object): readonly object[] {
  const sorted = sortNames(fields) as object;
  return Object.keys(sorted).length === 0 ? [] : [sorted];
}

function sortNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortNames);
  if (typeof value !== "object" || value === null) return value;
  const defined = Object.entries(value).filter(([, part]) => part !== undefined);
  return Object.fromEntries(
    defined.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, part]) => [name, sortNames(part)]),
  );
}
