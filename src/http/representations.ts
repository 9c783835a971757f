import { z } from "@hono/zod-openapi";
import { FILE_TYPES } from "../core/file-type.js";
import { JOB_STATUSES } from "../core/lifecycle.js";

const count = z.int().min(0);
const instant = count.openapi({ description: "Epoch milliseconds; 0: not yet" });

/** The answer to a start. */
export const startedSchema = z.object({ processingId: z.uuid() }).openapi("Started");

/** The status object; a JobReport is one. */
export const jobReportSchema = z
  .object({
    processingId: z.string(),
    path: z.string(),
    excludedPaths: z.array(z.string()).readonly().optional(),
    status: z.enum(JOB_STATUSES),
    triggeredCount: count.openapi({ description: "Assets handed over so far" }),
    startedAt: instant,
    completedAt: instant,
    hasLogs: z.boolean(),
    createdBy: z.string(),
    type: z.string(),
    migrationSet: z.object({
      totalFiles: count,
      calculationStatus: z.enum(["WAITING", "PROCESSING", "SUCCESS", "FAILURE"]),
    }),
    eta: z.object({
      value: count,
      unit: z.literal("SECONDS"),
      basis: z.enum(["UNKNOWN", "LOWER_BOUND", "ESTIMATE", "DONE"]),
    }),
    comments: z.string(),
    filter: z
      .object({
        fileTypes: z.array(z.enum(FILE_TYPES)).readonly(),
        startTime: z.int().optional(),
        endTime: z.int().optional(),
        filterProcessedAssets: z.boolean(),
      })
      .optional(),
    restartable: z.boolean(),
    resumable: z.boolean(),
    cancellable: z.boolean(),
    paths: z.array(z.string()).readonly(),
    priority: z.int().min(0).max(9),
    attempt: z.int().min(1),
    processedCount: count,
    succeededCount: count,
    failedCount: count,
    skippedCount: count,
    progress: z.number().min(0).max(1).nullable().openapi({ description: "null while it cannot be known" }),
    throughput: z.number().min(0).nullable().openapi({ description: "Assets a second" }),
    pausing: z.boolean(),
    restartedFrom: z.string().optional(),
  })
  .openapi("Job");

/** A page of log lines. */
export const logPageSchema = z
  .object({
    lines: z.array(z.string()).readonly(),
    limit: count,
    offset: count.openapi({ description: "Number of the first line returned" }),
    hasMore: z.boolean().openapi({ description: "True where later lines exist now" }),
  })
  .openapi("LogPage");

/** An error (RFC 9457). */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string().openapi({ description: "Stable, upper case", example: "JOB_NOT_FOUND" }),
    processingId: z.string().optional(),
    path: z.string().optional(),
    jobStatus: z.enum(JOB_STATUSES).optional(),
    errors: z
      .array(z.object({ field: z.string(), message: z.string() }))
      .readonly()
      .optional(),
  })
  .openapi("Problem");
