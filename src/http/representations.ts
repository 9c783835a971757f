import { z } from "@hono/zod-openapi";
import { FILE_TYPES } from "../core/asset/file-type.js";
import { LINK_KINDS } from "../core/asset/handler-result.js";
import { JOB_STATUSES } from "../core/job/lifecycle.js";
import { ASSET_STATUSES } from "../core/job/asset-status.js";
import { FAILED_CODES, SKIP_CODES } from "../core/asset/outcome.js";
import { OUTCOME_CODE } from "../core/errors.js";
import { PROBLEM_CODES } from "./problem-codes.js";
import { INT64 } from "./schema-parts.js";

const count = z.int().min(0).openapi(INT64);
const instant = count.openapi({ description: "Epoch milliseconds; 0 if it has not happened yet" });

/** A CSRF token. */
export const csrfTokenSchema = z.object({ token: z.string() }).openapi("CsrfToken");

/** The response to a start request. */
export const startedSchema = z.object({ processingId: z.uuid() }).openapi("Started");

/** Counts by name; zero counts are omitted. */
const countsOf = <Name extends string>(names: readonly [Name, ...Name[]]) => z.partialRecord(z.enum(names), count);

/** Report of a dry run: what a real run would process. */
const dryRunReportSchema = z
  .object({
    byType: countsOf(FILE_TYPES).openapi({ description: "Number of assets by file type" }),
    skipped: countsOf(SKIP_CODES).openapi({ description: "Number of assets by the rule that skips them" }),
    first: z.string().nullable(),
    last: z.string().nullable(),
    expectedSeconds: z.number().min(0).nullable().openapi({ description: "null if no earlier job has been measured" }),
  })
  .openapi("DryRunReport");

/** The status object: a JobReport as JSON. */
export const jobReportSchema = z
  .object({
    processingId: z.string(),
    path: z.string(),
    excludedPaths: z
      .array(z.string())
      .readonly()
      .optional()
      .openapi({ description: "Only the first 100 in lists of jobs; left out of events" }),
    excludedPathsCount: count.optional().openapi({
      description: "Number of excluded paths; only where excludedPaths does not have them all",
    }),
    status: z.enum(JOB_STATUSES),
    triggeredCount: count.openapi({ description: "Assets handed to workers so far" }),
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
        startTime: z.int().openapi(INT64).optional(),
        endTime: z.int().openapi(INT64).optional(),
        filterProcessedAssets: z.boolean(),
      })
      .optional(),
    restartable: z.boolean(),
    resumable: z.boolean(),
    cancellable: z.boolean(),
    paths: z.array(z.string()).readonly().openapi({ description: "Only the first 100 in lists of jobs and in events" }),
    pathsCount: count.optional().openapi({ description: "Number of paths; only where paths does not have them all" }),
    priority: z.int().min(0).max(9),
    attempt: z.int().min(1),
    processedCount: count,
    succeededCount: count,
    failedCount: count,
    skippedCount: count,
    warningCount: count.openapi({
      description: "Warnings about the request, and those that handlers returned; the log has their text",
    }),
    progress: z
      .number()
      .min(0)
      .max(1)
      .nullable()
      .openapi({ description: "From 0 to 1; null while the total is unknown" }),
    throughput: z.number().min(0).nullable().openapi({ description: "Assets per second" }),
    pausing: z.boolean(),
    unattendedSince: count.optional().openapi({
      description:
        "Only if no worker holds any of a job that is PROCESSING or CANCELLING: since when, in epoch milliseconds",
    }),
    restartedFrom: z.string().optional(),
    dryRun: z.boolean(),
    report: dryRunReportSchema.optional(),
  })
  .openapi("Job");

/** The latest jobs, newest first. */
export const historySchema = z
  .object({
    executionHistory: z.array(jobReportSchema).readonly(),
    next: z
      .string()
      .optional()
      .openapi({ description: "Cursor of the next page, to pass as `before`; left out if there is no further page" }),
  })
  .openapi("History");

/** A job's status after a command. */
export const changedSchema = z.object({ processingId: z.string(), status: z.enum(JOB_STATUSES) }).openapi("Changed");

/** A new job created from an ended one. */
export const restartedSchema = z
  .object({ processingId: z.uuid(), status: z.literal("WAITING"), restartedFrom: z.string() })
  .openapi("Restarted");

/** The data of an event that brings a line of the log. */
export const logEventSchema = z.object({ line: count, text: z.string() }).openapi("LogEvent");

/** A page of log lines. */
export const logPageSchema = z
  .object({
    lines: z.array(z.string()).readonly(),
    limit: count,
    offset: count.openapi({ description: "Number of the first line returned" }),
    hasMore: z.boolean().openapi({ description: "Whether later lines exist now" }),
  })
  .openapi("LogPage");

/** How one asset ended in a job. */
const outcomeSchema = z
  .object({
    path: z.string(),
    outcome: z.enum(["SUCCEEDED", "FAILED", "SKIPPED"]),
    code: z
      .string()
      .regex(OUTCOME_CODE)
      .optional()
      .openapi({
        description: `Why it was skipped (${SKIP_CODES.join(", ")}) or failed (${FAILED_CODES.join(", ")}, or a handler's own code). Codes are stable`,
      }),
    message: z.string().optional(),
    handler: z.string().optional(),
    attempts: count,
    at: count.openapi({ description: "Epoch milliseconds" }),
  })
  .openapi("Outcome");

const next = z
  .string()
  .nullable()
  .openapi({ description: "Cursor of the next page, to pass as `after`; null if there is no further page now" });

const outcomes = z.array(outcomeSchema).readonly();

export const failuresPageSchema = z.object({ failures: outcomes, next }).openapi("FailuresPage");

export const outcomesPageSchema = z.object({ outcomes, next }).openapi("OutcomesPage");

/** The files of a download. */
export const logFilesSchema = z
  .object({ logFilePaths: z.array(z.string()).readonly().openapi({ description: "URL paths on this server" }) })
  .openapi("LogFiles");

/** What processing wrote about one asset; empty if it has not been processed. */
export const resultSchema = z
  .object({
    path: z.string(),
    exists: z.boolean().openapi({
      description:
        "false if the asset is gone, or cannot be read any more: the results are those of its last processing, and the next job over everything in that place removes them",
    }),
    properties: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string()).readonly()])),
    references: z
      .array(
        z.object({
          handler: z.string(),
          kind: z.enum(LINK_KINDS),
          target: z.string(),
          external: z.boolean().optional(),
          scope: z.enum(["local", "peer", "external"]).optional(),
          fragment: z.string().optional(),
          reltable: z.boolean().optional(),
        }),
      )
      .readonly(),
    stamp: z
      .object({
        sizeBytes: count,
        modifiedMs: z.number(),
        contentHash: z.string().nullable(),
        handlers: z.record(z.string(), z.string()).openapi({ description: "Handler versions by handler name" }),
      })
      .nullable(),
    processingId: z.string().nullable().openapi({ description: "The last job that wrote this result" }),
    at: instant,
  })
  .openapi("Result");

/** An asset status listing that was started. */
export const assetStatusAskedSchema = z
  .object({ jobId: z.string(), status: z.enum(JOB_STATUSES) })
  .openapi("AssetStatusAsked");

export const assetStatusPageSchema = z
  .object({
    jobId: z.string(),
    status: z.enum(JOB_STATUSES).openapi({ description: "The listing is complete once this is SUCCESS" }),
    assets: z
      .array(
        z.object({
          path: z.string(),
          uuid: z.string().nullable(),
          status: z.enum(ASSET_STATUSES),
          exists: z.boolean(),
        }),
      )
      .readonly(),
    counts: z
      .record(z.enum(ASSET_STATUSES), count)
      .openapi({ description: "Number of assets on this page, by status" }),
    next,
  })
  .openapi("AssetStatusPage");

export const systemStatusSchema = z
  .object({ isDatabase: z.boolean(), databaseConnectionCheck: z.enum(["passed", "failed"]) })
  .openapi("SystemStatus");

export const healthSchema = z.object({ status: z.enum(["up", "down"]) }).openapi("Health");

/** An error (RFC 9457). */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(PROBLEM_CODES).openapi({ description: "Stable error code", example: "JOB_NOT_FOUND" }),
    processingId: z.string().optional(),
    path: z.string().optional(),
    jobStatus: z.enum(JOB_STATUSES).optional(),
    errors: z
      .array(z.object({ field: z.string(), message: z.string() }))
      .readonly()
      .optional(),
  })
  .openapi("Problem");
