import { z } from "@hono/zod-openapi";
import { FILE_TYPES } from "../core/asset/file-type.js";
import { EPOCH_SECONDS, FAILURES_PERCENTAGE, MAX_EPOCH_MS } from "../core/job/job-request.js";
import { INT64, pathText, required, strict } from "./schema-parts.js";

/*
 * Bodies of requests. In a body, null is as good as absent: many clients write it for what they leave out. The operator
 * validates values (paths, types, filter, times), with a message for each reason; here, `openapi` documents them. No field
 * has a `default` there: generators then require the field, or send it always. Descriptions say what absent means.
 */

const oneOrMany = (item: z.ZodString, maxEntries: number) =>
  z.union([item, z.array(item).max(maxEntries)], {
    error: ({ input }) =>
      Array.isArray(input) && input.length > maxEntries
        ? `must have at most ${maxEntries} entries; got ${input.length}`
        : "must be a string or an array of strings",
  });

const manyPaths = z.array(pathText).min(1).max(1000).openapi({ description: "Roots to process in one job" });
const excludedPaths = oneOrMany(pathText, 10_000)
  .nullish()
  .openapi({ description: "Paths to leave out, with everything below them: one, or several" });

const hasRoots = ({ path, paths }: { readonly path?: unknown; readonly paths?: unknown }): boolean =>
  (path ?? paths ?? undefined) !== undefined;
const NO_ROOTS = { path: ["path"], error: "is required, unless paths is given" };

/** A time of a filter. What looks like seconds is refused. */
const filterTime = (description: string) =>
  z
    .int()
    .nullish()
    .openapi({
      ...INT64,
      minimum: 0,
      maximum: MAX_EPOCH_MS,
      not: { type: "integer", minimum: EPOCH_SECONDS.from, exclusiveMaximum: EPOCH_SECONDS.before },
      description: `${description}, in epoch milliseconds. A time that looks like seconds is refused`,
    });

const filter = strict({
  fileTypes: oneOrMany(
    z
      .string()
      .max(100)
      .openapi({ enum: [...FILE_TYPES] }),
    100,
  )
    .nullish()
    .openapi({ description: "Only assets of these types: one, or several. All if absent or empty" }),
  startTime: filterTime("Only assets created at or after this time"),
  endTime: filterTime("Only assets created at or before this time, which must not be before `startTime`"),
  filterProcessedAssets: z
    .boolean()
    .nullish()
    .openapi({ description: "Skip assets that have not changed since they were processed. False if absent" }),
}).openapi("Filter");

/** The fields of a start request other than its roots, in the order of the published documentation. */
const jobFields = {
  excludedPaths,
  type: required(200).openapi({ description: "Registered job type", example: "ASSET_PROCESSING" }),
  filter: filter.nullish(),
  priority: z.int().min(0).max(9).nullish().openapi({
    description:
      "0 is the highest priority, 9 the lowest, 5 if absent; each step up doubles the job's share of the work",
  }),
  maxFailures: z
    .union(
      [
        z
          .int()
          .min(0)
          .openapi({ maximum: Number.MAX_SAFE_INTEGER, ...INT64 }),
        z.string().max(16).openapi({ pattern: FAILURES_PERCENTAGE.source }),
      ],
      { error: 'must be an integer or a percentage such as "5%"' },
    )
    .nullish()
    .openapi({
      description:
        "End the job as FAILURE once more than this many (or this percentage of) assets have failed in an attempt. No limit if absent",
    }),
  dryRun: z
    .boolean()
    .nullish()
    .openapi({ description: "Only report what would be processed; write nothing. False if absent" }),
  onOverlap: z
    .enum(["refuse", "queue"], { error: "must be refuse or queue" })
    .nullish()
    .openapi({ description: "What to do if an active job holds an overlapping path. refuse if absent" }),
};

/** Validates a start request. */
export const startRequestSchema = strict({ path: pathText.nullish(), paths: manyPaths.nullish(), ...jobFields }).refine(
  hasRoots,
  NO_ROOTS,
);

/** Documents a start request: it has `path` or `paths`. `jobTypes`: the types that this server knows, if it says so. */
export function startRequestBody(jobTypes: readonly string[] | undefined) {
  const type = jobFields.type.openapi(jobTypes && jobTypes.length > 0 ? { enum: [...jobTypes] } : {});
  // With nullish(), the component itself would be nullable; validation keeps it, because a union hides which field is wrong.
  const fields = { ...jobFields, type, filter: z.union([filter, z.null()]).optional() };
  return z
    .union([
      strict({ path: pathText, ...fields }).openapi("StartWithPath"),
      strict({ paths: manyPaths, ...fields }).openapi("StartWithPaths"),
    ])
    .openapi("StartRequest");
}

/** Validates a request for the status of assets. */
export const assetStatusRequestSchema = strict({
  path: pathText.nullish(),
  paths: manyPaths.nullish(),
  excludedPaths,
}).refine(hasRoots, NO_ROOTS);

/** Documents a request for the status of assets: it has `path` or `paths`. */
export const assetStatusRequestBody = z
  .union([
    strict({ path: pathText, excludedPaths }).openapi("AssetScopeWithPath"),
    strict({ paths: manyPaths, excludedPaths }).openapi("AssetScopeWithPaths"),
  ])
  .openapi("AssetScope");
