import { AssetmillError } from "../core/errors.js";

/** The flags that set a field or an option of another name. */
const FLAGS: Readonly<Record<string, string>> = {
  "filter.startTime": "created-after",
  "filter.endTime": "created-before",
  "filter.fileTypes": "file-type",
  "filter.filterProcessedAssets": "only-changed",
  excludedPaths: "exclude",
  maxFailures: "max-failures",
  chunkSize: "chunk-size",
  deadlineMs: "deadline",
  "retention.days": "retain-days",
  "retention.jobs": "retain-jobs",
  maxActiveJobs: "max-active-jobs",
  trustProxy: "trust-proxy",
};

/** A longer value is not shown. */
const MAX_SHOWN = 200;

/**
 * Returns an error about a field as one about the flag that set it: who typed the flag does not know the field. `flags`: the
 * command's, to show which of several values is meant.
 */
export function inFlagNames(error: unknown, flags: Readonly<Record<string, unknown>>): unknown {
  const field = AssetmillError.is(error) ? error.ids.field : undefined;
  if (!AssetmillError.is(error) || field === undefined || flagOf(field, flags) === undefined) return error;
  const fields = error.fields.map((one) => ({
    field: flagOf(one.field, flags) ?? one.field,
    message: inWords(one.message),
  }));
  const own = error.message.startsWith(`${field}: `) ? error.message.slice(field.length + 2) : undefined;
  const flag = flagOf(field, flags) ?? field;
  return new AssetmillError(error.code, own === undefined ? inWords(error.message) : `${flag}: ${inWords(own)}`, {
    ids: { ...error.ids, field: flag },
    fields,
    cause: error,
  });
}

/** Returns the flag that sets a field, with the value if the field is one of a list; undefined if there is none. */
function flagOf(field: string, flags: Readonly<Record<string, unknown>>): string | undefined {
  const [, list = field, index] = /^(\w+)\[(\d+)\]$/.exec(field) ?? [];
  const flag = FLAGS[list];
  const values = flag === undefined ? undefined : flags[flag];
  const value: unknown = index !== undefined && Array.isArray(values) ? values[Number(index)] : undefined;
  return typeof value === "string" && value.length <= MAX_SHOWN ? `${flag} ${JSON.stringify(value)}` : flag;
}

/** Replaces the fields that the message names. */
const inWords = (message: string): string =>
  Object.entries(FLAGS).reduce((text, [field, flag]) => text.replaceAll(field, flag), message);
