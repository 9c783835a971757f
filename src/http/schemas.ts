import { z } from "@hono/zod-openapi";
import { CURSOR_PATTERN, EVENT_ID_PATTERN, parseCursor, readCursor } from "../core/job/cursor.js";
import { IDEMPOTENCY_KEY } from "../core/job/job-key.js";
import { JOB_STATUSES } from "../core/job/lifecycle.js";
import { HISTORY_PAGE, LOG_PAGE, OUTCOME_PAGE, type PageLimit } from "../core/job/page-limits.js";
import { PARAMETER_EXAMPLES } from "./examples.js";
import { INT64, PATH_FORM, required, strict } from "./schema-parts.js";
import { clip } from "./validation.js";

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
  integer(1, most).openapi({
    type: "integer",
    minimum: 1,
    maximum: most,
    // Not as `default`: generated clients would send it, also where it cannot be combined with another parameter.
    description: `At most this many; ${byDefault} if absent`,
  });

const processingId = required(200).openapi({
  description: "Job id returned by the start request",
  example: PARAMETER_EXAMPLES.processingId,
});

export const noQuerySchema = strict({});

/** Documents the header. Its value is read from the request itself, where header names are case-insensitive. */
export const idempotencyHeaderSchema = z.object({
  "Idempotency-Key": z.string().regex(IDEMPOTENCY_KEY).optional().openapi({
    description: "Repeating the request with the same key returns the same job. Keys are scoped to the caller.",
  }),
});

export const jobQuerySchema = strict({ processingId });

/** `processingId`, optional because it may be in the body or in the query string. */
export const jobReferenceSchema = strict({ processingId: processingId.nullish() });

/** Documents a body that names a job. Without a body, it has to be in the query string. */
export const jobReferenceBody = strict({ processingId }).openapi("JobReference");

export const jobReferenceQuerySchema = strict({ processingId: processingId.optional() });

export const historyQuerySchema = strict({
  limit: limitOf(HISTORY_PAGE),
  before: required(200)
    .optional()
    .openapi({ description: "Only jobs created before the job with this processingId: the `next` of an earlier page" }),
  status: z.enum(JOB_STATUSES, { error: `must be one of ${JOB_STATUSES.join(", ")}` }).optional(),
  type: required(200).optional(),
  path: required(4096)
    .optional()
    .openapi({
      ...PATH_FORM,
      description: "Only jobs with a root at or below this path",
      example: PARAMETER_EXAMPLES.folder,
    }),
  createdBy: required(200).optional(),
});

const pageLimit = limitOf(OUTCOME_PAGE);

const NEXT = {
  pattern: CURSOR_PATTERN,
  description: "The `next` value of an earlier page",
  example: PARAMETER_EXAMPLES.cursor,
};

/** The cursor of an outcome page. */
const cursor = z
  .string({ error: "must be given once" })
  .refine((text) => readCursor(text) !== undefined, "must be the `next` value of an earlier page")
  .transform((text) => parseCursor(text, "after"))
  .optional()
  .openapi({ type: "string", ...NEXT });

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
  "Last-Event-ID": z.string().optional().openapi({
    pattern: EVENT_ID_PATTERN,
    example: PARAMETER_EXAMPLES.eventId,
    description: "Id of the last event received; the stream continues after it",
  }),
});

export const resultsQuerySchema = strict({
  path: required(4096).openapi({
    ...PATH_FORM,
    description: "Absolute path of an asset",
    example: PARAMETER_EXAMPLES.path,
  }),
});

export const assetStatusQuerySchema = strict({
  jobId: required(200).openapi({ description: "Job id returned by the POST", example: PARAMETER_EXAMPLES.jobId }),
  limit: pageLimit,
  after: required(200).optional().openapi(NEXT),
});

export const logsQuerySchema = strict({
  processingId,
  offset: integer(0, Number.MAX_SAFE_INTEGER).openapi({
    type: "integer",
    ...INT64,
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    description: "Number of the first line to return, from 0, which is also meant if absent",
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
