import { z } from "@hono/zod-openapi";
import { FILE_TYPES } from "../core/asset/file-type.js";
import { parseCursor, readCursor } from "../core/job/cursor.js";
import { IDEMPOTENCY_KEY } from "../core/job/job-key.js";
import { JOB_STATUSES } from "../core/job/lifecycle.js";
import { HISTORY_PAGE, LOG_PAGE, OUTCOME_PAGE, type PageLimit } from "../core/job/page-limits.js";
import { clip } from "./validation.js";

/** An object in which every field is known; the message lists those that are. */
const strict = <Shape extends z.core.$ZodLooseShape>(shape: Shape) =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? `not a known field; known here: ${Object.keys(shape).join(", ") || "none"}`
        : undefined,
  });

/** A text that has to be given; the message tells a missing one from one of the wrong type. */
const required = (maxLength: number) =>
  z
    .string({ error: (issue) => (issue.input === undefined ? "is required" : undefined) })
    .min(1, "must not be empty")
    .max(maxLength);

const oneOrMany = (item: z.ZodString, maxEntries: number) =>
  z.union([item, z.array(item).max(maxEntries)], {
    error: ({ input }) =>
      Array.isArray(input) && input.length > maxEntries
        ? `must be at most ${maxEntries} entries; got ${input.length}`
        : "must be a string or an array of strings",
  });

const pathText = z.string().max(4096);

/**
 * A start request's shape. What its values mean (paths, types, filter, times) is for the operator to judge.
 * The order of fields is the one in which the documentation shows them.
 */
export const startRequestSchema = strict({
  path: pathText.optional().openapi({ description: "Absolute path of a folder or a single asset" }),
  paths: z.array(pathText).min(1).max(1000).optional().openapi({ description: "Several roots in one job" }),
  excludedPaths: oneOrMany(pathText, 10_000).optional(),
  type: required(200).openapi({ description: "A registered job type", example: "ASSET_PROCESSING" }),
  filter: strict({
    fileTypes: oneOrMany(z.string().max(100), 100)
      .optional()
      .openapi({ description: `Of ${FILE_TYPES.join(", ")}; empty: all` }),
    startTime: z.int().optional().openapi({ description: "Created at or after; epoch milliseconds" }),
    endTime: z.int().optional().openapi({ description: "Created at or before; epoch milliseconds" }),
    filterProcessedAssets: z.boolean().optional().openapi({ description: "Leave out what is processed and unchanged" }),
  }).optional(),
  priority: z.int().min(0).max(9).optional().openapi({ description: "0 goes first, 9 last", default: 5 }),
  maxFailures: z
    .union([z.int().min(0), z.string().max(16)], { error: 'must be an integer or a percentage such as "5%"' })
    .optional()
    .openapi({ description: "FAILURE once more assets than this failed in an attempt" }),
  dryRun: z.boolean().optional().openapi({ description: "Only discover, and write nothing", default: false }),
  onOverlap: z
    .enum(["refuse", "queue"], { error: "must be refuse or queue" })
    .optional()
    .openapi({ description: "What an active job on an overlapping path means", default: "refuse" }),
})
  .refine((request) => request.path !== undefined || request.paths !== undefined, {
    path: ["path"],
    error: "is required, unless paths is given",
  })
  .openapi("StartRequest");

/** A whole number in a query string. */
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

const processingId = required(200).openapi({ description: "As the start answered it" });

export const noQuerySchema = strict({});

/** Documents the header; what comes is read from the request itself, where names have no case. */
export const idempotencyHeaderSchema = z.object({
  "Idempotency-Key": z
    .string()
    .regex(IDEMPOTENCY_KEY)
    .optional()
    .openapi({ description: "The same key and request give the same job again; keys are the caller's own" }),
});

export const jobQuerySchema = strict({ processingId });

/** `processingId` where it stands in one of several places. */
export const jobReferenceSchema = strict({ processingId: processingId.optional() }).openapi("JobReference");

export const historyQuerySchema = strict({
  limit: limitOf(HISTORY_PAGE),
  before: required(200).optional().openapi({ description: "A processingId: only jobs created before that one" }),
  status: z.enum(JOB_STATUSES, { error: `must be one of ${JOB_STATUSES.join(", ")}` }).optional(),
  type: required(200).optional(),
  path: required(4096).optional().openapi({ description: "Jobs of which a root is this path or lies below it" }),
  createdBy: required(200).optional(),
});

const pageLimit = limitOf(OUTCOME_PAGE);

/** Where a page goes on, as the one before said. */
const cursor = z
  .string({ error: "must be given once" })
  .refine((text) => readCursor(text) !== undefined, "must be the next of an earlier page")
  .transform((text) => parseCursor(text, "after"))
  .optional()
  .openapi({ type: "string", description: "The next of an earlier page" });

export const outcomesQuerySchema = strict({ processingId, limit: pageLimit, after: cursor });

export const downloadQuerySchema = strict({
  processingId,
  file: z
    .enum(["log", "failures"], { error: "must be log or failures" })
    .optional()
    .openapi({ description: "One file by itself, instead of the ZIP" }),
});

/** Documents the header; see idempotencyHeaderSchema. */
export const lastEventHeaderSchema = z.object({
  "Last-Event-ID": z
    .string()
    .optional()
    .openapi({ description: "The id of the last event seen: what follows it comes" }),
});

export const resultsQuerySchema = strict({
  path: required(4096).openapi({ description: "Absolute path of an asset" }),
});

/** Whose status is asked for. What the values mean is for the operator to judge. */
export const assetStatusRequestSchema = strict({
  path: pathText.optional(),
  paths: z.array(pathText).min(1).max(1000).optional(),
  excludedPaths: oneOrMany(pathText, 10_000).optional(),
})
  .refine((request) => request.path !== undefined || request.paths !== undefined, {
    path: ["path"],
    error: "is required, unless paths is given",
  })
  .openapi("AssetStatusRequest");

export const assetStatusQuerySchema = strict({
  jobId: required(200).openapi({ description: "As the POST answered it" }),
  limit: pageLimit,
  after: required(200).optional().openapi({ description: "The next of an earlier page" }),
});

export const logsQuerySchema = strict({
  processingId,
  offset: integer(0, Number.MAX_SAFE_INTEGER).openapi({
    type: "integer",
    minimum: 0,
    default: 0,
    description: "Number of the first line wanted, from 0",
  }),
  limit: limitOf(LOG_PAGE),
  tail: integer(0, LOG_PAGE.most).openapi({
    type: "integer",
    minimum: 0,
    maximum: LOG_PAGE.most,
    description: "The last lines; not together with offset or limit",
  }),
}).refine((query) => query.tail === undefined || (query.offset === undefined && query.limit === undefined), {
  path: ["tail"],
  error: "cannot be given together with offset or limit",
});
