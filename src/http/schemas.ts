import { z } from "@hono/zod-openapi";
import { FILE_TYPES } from "../core/asset/file-type.js";
import { parseCursor, readCursor } from "../core/job/cursor.js";
import { IDEMPOTENCY_KEY } from "../core/job/job-key.js";
import { JOB_STATUSES } from "../core/job/lifecycle.js";
import { HISTORY_PAGE, LOG_PAGE, OUTCOME_PAGE, type PageLimit } from "../core/job/page-limits.js";
import { clip } from "./validation.js";

/** An object schema that refuses unknown fields and lists the known ones in its message. */
const strict = <Shape extends z.core.$ZodLooseShape>(shape: Shape) =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? `unknown field; expected ${Object.keys(shape).join(", ") || "none"}`
        : undefined,
  });

/** A required string; its message distinguishes a missing value from one of the wrong type. */
const required = (maxLength: number) =>
  z
    .string({ error: (issue) => (issue.input === undefined || issue.input === null ? "is required" : undefined) })
    .min(1, "must not be empty")
    .max(maxLength);

const oneOrMany = (item: z.ZodString, maxEntries: number) =>
  z.union([item, z.array(item).max(maxEntries)], {
    error: ({ input }) =>
      Array.isArray(input) && input.length > maxEntries
        ? `must have at most ${maxEntries} entries; got ${input.length}`
        : "must be a string or an array of strings",
  });

const pathText = z.string().max(4096);

const hasRoots = ({ path, paths }: { readonly path?: unknown; readonly paths?: unknown }): boolean =>
  (path ?? paths ?? undefined) !== undefined;

/**
 * The shape of a start request. In a body, null is as good as absent: many clients write it for what they leave out. The
 * operator validates its values (paths, types, filter, times). Fields are in the order of the published documentation.
 */
export const startRequestSchema = strict({
  path: pathText.nullish().openapi({ description: "Absolute path of a folder or a single asset" }),
  paths: z.array(pathText).min(1).max(1000).nullish().openapi({ description: "Roots to process in one job" }),
  excludedPaths: oneOrMany(pathText, 10_000).nullish(),
  type: required(200).openapi({ description: "Registered job type", example: "ASSET_PROCESSING" }),
  filter: strict({
    fileTypes: oneOrMany(z.string().max(100), 100)
      .nullish()
      .openapi({ description: `Any of ${FILE_TYPES.join(", ")}; empty for all` }),
    startTime: z
      .int()
      .nullish()
      .openapi({ description: "Only assets created at or after this time, in epoch milliseconds" }),
    endTime: z
      .int()
      .nullish()
      .openapi({ description: "Only assets created at or before this time, in epoch milliseconds" }),
    filterProcessedAssets: z
      .boolean()
      .nullish()
      .openapi({ description: "Skip assets that have not changed since they were processed" }),
  }).nullish(),
  priority: z.int().min(0).max(9).nullish().openapi({
    description: "0 is the highest priority, 9 the lowest; each step up doubles the job's share of the work",
    default: 5,
  }),
  maxFailures: z
    .union([z.int().min(0), z.string().max(16)], { error: 'must be an integer or a percentage such as "5%"' })
    .nullish()
    .openapi({
      description:
        "End the job as FAILURE once more than this many (or this percentage of) assets have failed in an attempt",
    }),
  dryRun: z
    .boolean()
    .nullish()
    .openapi({ description: "Only report what would be processed; write nothing", default: false }),
  onOverlap: z
    .enum(["refuse", "queue"], { error: "must be refuse or queue" })
    .nullish()
    .openapi({ description: "What to do if an active job holds an overlapping path", default: "refuse" }),
})
  .refine(hasRoots, {
    path: ["path"],
    error: "is required, unless paths is given",
  })
  .openapi("StartRequest");

/** An integer in a query string. */
const integer = (min: number, max: number) =>
  z
    .string({ error: "must be given once" })
    .refine((text) => /^\d{1,16}$/.test(text) && Number(text) >= min && Number(text) <= max, {
      error: ({ input }) => `must be an integer from ${min} to ${max}; got "${clip(String(input))}"`,
    })
    .transform(Number)
    .optional();

const limitOf = ({ default: byDefault, most }: PageLimit) =>
  integer(1, most).openapi({ type: "integer", minimum: 1, maximum: most, default: byDefault });

const processingId = required(200).openapi({ description: "Job id returned by the start request" });

export const noQuerySchema = strict({});

/** Documents the header. Its value is read from the request itself, where header names are case-insensitive. */
export const idempotencyHeaderSchema = z.object({
  "Idempotency-Key": z.string().regex(IDEMPOTENCY_KEY).optional().openapi({
    description: "Repeating the request with the same key returns the same job. Keys are scoped to the caller.",
  }),
});

export const jobQuerySchema = strict({ processingId });

/** `processingId`, optional because it may be in the body or in the query string. */
export const jobReferenceSchema = strict({ processingId: processingId.nullish() }).openapi("JobReference");

export const jobReferenceQuerySchema = strict({ processingId: processingId.optional() });

export const historyQuerySchema = strict({
  limit: limitOf(HISTORY_PAGE),
  before: required(200)
    .optional()
    .openapi({ description: "Only jobs created before the job with this processingId: the `next` of an earlier page" }),
  status: z.enum(JOB_STATUSES, { error: `must be one of ${JOB_STATUSES.join(", ")}` }).optional(),
  type: required(200).optional(),
  path: required(4096).optional().openapi({ description: "Only jobs with a root at or below this path" }),
  createdBy: required(200).optional(),
});

const pageLimit = limitOf(OUTCOME_PAGE);

/** The cursor of an outcome page. */
const cursor = z
  .string({ error: "must be given once" })
  .refine((text) => readCursor(text) !== undefined, "must be the `next` value of an earlier page")
  .transform((text) => parseCursor(text, "after"))
  .optional()
  .openapi({ type: "string", description: "The `next` value of an earlier page" });

/** Whether a CSV begins with the UTF-8 mark. */
const bom = z
  .enum(["true", "false"], { error: "must be true or false" })
  .transform((text) => text === "true")
  .optional()
  .openapi({
    type: "boolean",
    description: "Only for CSV: whether it begins with the UTF-8 mark that Excel needs; it does unless this is false",
  });

export const outcomesQuerySchema = strict({ processingId, limit: pageLimit, after: cursor, bom });

export const downloadQuerySchema = strict({
  processingId,
  file: z
    .enum(["log", "failures"], { error: "must be log or failures" })
    .optional()
    .openapi({ description: "Return only this file instead of the ZIP" }),
  bom,
});

/** Documents the header; see idempotencyHeaderSchema. */
export const lastEventHeaderSchema = z.object({
  "Last-Event-ID": z
    .string()
    .optional()
    .openapi({ description: "Id of the last event received; the stream continues after it" }),
});

export const resultsQuerySchema = strict({
  path: required(4096).openapi({ description: "Absolute path of an asset" }),
});

/** The assets whose status is requested. The operator validates the values. */
export const assetStatusRequestSchema = strict({
  path: pathText.nullish(),
  paths: z.array(pathText).min(1).max(1000).nullish(),
  excludedPaths: oneOrMany(pathText, 10_000).nullish(),
})
  .refine(hasRoots, {
    path: ["path"],
    error: "is required, unless paths is given",
  })
  .openapi("AssetStatusRequest");

export const assetStatusQuerySchema = strict({
  jobId: required(200).openapi({ description: "Job id returned by the POST" }),
  limit: pageLimit,
  after: required(200).optional().openapi({ description: "The `next` value of an earlier page" }),
});

export const logsQuerySchema = strict({
  processingId,
  offset: integer(0, Number.MAX_SAFE_INTEGER).openapi({
    type: "integer",
    minimum: 0,
    default: 0,
    description: "Number of the first line to return, from 0",
  }),
  limit: limitOf(LOG_PAGE),
  tail: integer(0, LOG_PAGE.most).openapi({
    type: "integer",
    minimum: 0,
    maximum: LOG_PAGE.most,
    description: "Return this many of the last lines; cannot be combined with offset or limit",
  }),
}).refine((query) => query.tail === undefined || (query.offset === undefined && query.limit === undefined), {
  path: ["tail"],
  error: "cannot be combined with offset or limit",
});
