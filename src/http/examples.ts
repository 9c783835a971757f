import type { z } from "@hono/zod-openapi";
import type * as shown from "./representations.js";

/*
 * What the OpenAPI document shows of each request and response. Tests hold these values against their schemas, and send the
 * requests.
 */

const JOB = "165f1de6-68c4-4dcd-9223-2b7242b62306";
const NEW_JOB = "0b7e7dee-87d5-4d8f-a9a5-5d4a3c1b2e6f";
const FOLDER = "/content/dam/espresso";
const ASSET = `${FOLDER}/topics/roasting.dita`;
const DRAFTS = `${FOLDER}/drafts`;
const STARTED_MS = 1_761_291_362_776;

/** Of parameters, by name. */
export const PARAMETER_EXAMPLES = Object.freeze({
  processingId: JOB,
  jobId: NEW_JOB,
  folder: FOLDER,
  path: ASSET,
  cursor: "3.499",
  eventId: "41.PROCESSING-1-0-SUCCESS",
});

export const START_EXAMPLE = {
  path: FOLDER,
  excludedPaths: [DRAFTS],
  type: "ASSET_PROCESSING",
  filter: { fileTypes: ["DITATOPIC", "DITAMAP"], filterProcessedAssets: true },
};

export const STARTED_EXAMPLE: z.output<typeof shown.startedSchema> = { processingId: JOB };

export const JOB_REFERENCE_EXAMPLE = { processingId: JOB };

export const JOB_EXAMPLE: z.output<typeof shown.jobReportSchema> = {
  processingId: JOB,
  path: FOLDER,
  excludedPaths: [DRAFTS],
  status: "PROCESSING",
  triggeredCount: 4200,
  startedAt: STARTED_MS,
  completedAt: 0,
  hasLogs: true,
  createdBy: "admin",
  type: "ASSET_PROCESSING",
  migrationSet: { totalFiles: 10_000, calculationStatus: "SUCCESS" },
  eta: { value: 12, unit: "SECONDS", basis: "ESTIMATE" },
  comments: "",
  filter: { fileTypes: ["DITATOPIC", "DITAMAP"], filterProcessedAssets: true },
  restartable: false,
  resumable: false,
  cancellable: true,
  paths: [FOLDER],
  priority: 5,
  attempt: 1,
  processedCount: 4000,
  succeededCount: 3990,
  failedCount: 2,
  skippedCount: 8,
  warningCount: 1,
  progress: 0.4,
  throughput: 500,
  pausing: false,
  dryRun: false,
};

export const HISTORY_EXAMPLE: z.output<typeof shown.historySchema> = { executionHistory: [JOB_EXAMPLE] };

export const CHANGED_EXAMPLES: Readonly<Record<string, z.output<typeof shown.changedSchema>>> = {
  cancel: { processingId: JOB, status: "CANCELLING" },
  resume: { processingId: JOB, status: "WAITING" },
  pause: { processingId: JOB, status: "PROCESSING" },
};

export const RESTARTED_EXAMPLE: z.output<typeof shown.restartedSchema> = {
  processingId: NEW_JOB,
  status: "WAITING",
  restartedFrom: JOB,
};

const LINE = `2025-10-24 07:36:04:101: ERROR: [ASSET_PROCESSING] ${ASSET}: XML_NOT_WELL_FORMED: line 4: unclosed tag: p`;

export const LOG_PAGE_EXAMPLE: z.output<typeof shown.logPageSchema> = {
  lines: [LINE],
  limit: 1,
  offset: 41,
  hasMore: true,
};

export const LOG_TEXT_EXAMPLE = `${LINE}\n`;

export const LOG_FILES_EXAMPLE: z.output<typeof shown.logFilesSchema> = {
  logFilePaths: [`/bin/guides/v1/assets/process/logs/download?processingId=${JOB}&file=log`],
};

const FAILED: z.output<typeof shown.failuresPageSchema>["failures"][number] = {
  path: ASSET,
  outcome: "FAILED",
  code: "XML_NOT_WELL_FORMED",
  message: "line 4: unclosed tag: p",
  handler: "dita",
  attempts: 1,
  at: STARTED_MS + 1_325,
};
const SUCCEEDED: typeof FAILED = {
  path: `${FOLDER}/espresso.ditamap`,
  outcome: "SUCCEEDED",
  attempts: 1,
  at: STARTED_MS + 1_311,
};

export const FAILURES_EXAMPLE: z.output<typeof shown.failuresPageSchema> = { failures: [FAILED], next: "3.499" };
export const OUTCOMES_EXAMPLE: z.output<typeof shown.outcomesPageSchema> = {
  outcomes: [SUCCEEDED, FAILED],
  next: null,
};
export const NDJSON_EXAMPLE = `${JSON.stringify(FAILED)}\n`;
export const CSV_EXAMPLE = [
  "path,outcome,code,message,handler,attempts,at",
  `${ASSET},FAILED,XML_NOT_WELL_FORMED,line 4: unclosed tag: p,dita,1,${new Date(FAILED.at).toISOString()}`,
  "",
].join("\r\n");

/** A status event, then a line of the log. */
export const EVENTS_EXAMPLE = [
  "event: status",
  `data: ${JSON.stringify({ ...JOB_EXAMPLE, excludedPaths: undefined, excludedPathsCount: 1 })}`,
  "id: 41.PROCESSING-1-0-SUCCESS",
  "",
  "event: log",
  `data: ${JSON.stringify({ line: 41, text: LINE })}`,
  "id: 42.PROCESSING-1-0-SUCCESS",
  "",
  "",
].join("\n");

export const RESULT_EXAMPLE: z.output<typeof shown.resultSchema> = {
  path: ASSET,
  exists: true,
  properties: { title: "Roasting", class: "- topic/topic concept/concept ", ids: ["roasting"] },
  references: [{ handler: "dita", kind: "topic", target: `${FOLDER}/topics/beans.dita` }],
  stamp: { sizeBytes: 1834, modifiedMs: 1_760_000_000_000, contentHash: "9f86d081884c7d65", handlers: { dita: "2" } },
  processingId: JOB,
  at: STARTED_MS + 1_325,
};

export const ASSET_STATUS_ASK_EXAMPLE = { paths: [FOLDER], excludedPaths: [DRAFTS] };

export const ASSET_STATUS_ASKED_EXAMPLE: z.output<typeof shown.assetStatusAskedSchema> = {
  jobId: NEW_JOB,
  status: "WAITING",
};

export const ASSET_STATUS_PAGE_EXAMPLE: z.output<typeof shown.assetStatusPageSchema> = {
  jobId: NEW_JOB,
  status: "SUCCESS",
  assets: [{ path: ASSET, uuid: "fe41f1a7-2d4f-4a52-9b0c-4c6a2f1f8f0e", status: "FAILURE", exists: true }],
  counts: { SUCCESS: 0, FAILURE: 1, PROCESSING: 0, PENDING: 0 },
  next: null,
};

export const SYSTEM_STATUS_EXAMPLE: z.output<typeof shown.systemStatusSchema> = {
  isDatabase: true,
  databaseConnectionCheck: "passed",
};

export const CSRF_TOKEN_EXAMPLE: z.output<typeof shown.csrfTokenSchema> = {
  token: "1761294962.Zf4b3yq0m1w0b5lqgqkz0Jx8mJ0t9YdQ",
};

type Problem = z.output<typeof shown.problemSchema>;

const problemOf = (
  code: Problem["code"],
  status: number,
  title: string,
  more: Partial<Problem> & { detail: string },
) => ({
  type: `urn:assetmill:problem:${code.toLowerCase().replaceAll("_", "-")}`,
  title,
  status,
  code,
  ...more,
});

/** By response of the document. */
export const PROBLEM_EXAMPLES = Object.freeze({
  400: problemOf("INVALID_PARAMETER", 400, "A parameter is invalid", {
    detail: "type: is required",
    errors: [{ field: "type", message: "is required" }],
  }),
  401: problemOf("UNAUTHENTICATED", 401, "Authentication is required", { detail: "valid credentials are required" }),
  408: problemOf("REQUEST_TIMEOUT", 408, "The request took too long to arrive", {
    detail: "the body did not arrive within 30000 ms",
  }),
  429: problemOf("RATE_LIMITED", 429, "Too many requests", { detail: "too many requests; try again later" }),
  500: problemOf("UNAVAILABLE", 500, "Temporarily unavailable", {
    detail: "The repository or the job store did not respond in time. Try again later.",
  }),
  default: problemOf("JOB_NOT_FOUND", 404, "The job does not exist", {
    detail: `no job ${JOB}`,
    processingId: JOB,
  }),
} satisfies Readonly<Record<string, Problem>>);
