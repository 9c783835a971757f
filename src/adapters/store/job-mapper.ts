import type { EarlierCost, PerType } from "../../core/job/cost.js";
import type { CountingStatus, Job, JobDraft, JobState } from "../../core/job/job.js";
import { holdsScope, type JobRequest } from "../../core/job/job-request.js";
import { JOB_STATUSES, type JobStatus } from "../../core/job/lifecycle.js";
import { type CutList, isCut, listedRequest, type ListedJob, type ListedRequest } from "../../core/job/listed-job.js";
import { NO_PACE, type Pace } from "../../core/job/pace.js";
import { EMPTY_TALLY } from "../../core/job/tally.js";
import type { JobRow } from "./job-row.js";
import { workKey } from "./work-key.js";

type JobColumns = Omit<JobRow, "sequence">;

/** What a new job inherits: the key of jobs whose assets cost as much as its own, and their costs. */
export interface Inherited {
  /** Empty: none. A hash: the names of handlers may be longer than what an index takes. */
  readonly costKey: string;
  readonly earlier?: PerType<EarlierCost>;
}

/** Returns a new job's row. */
export function rowOfDraft(draft: JobDraft, nowMs: number, { costKey, earlier }: Inherited): JobColumns {
  const handlers = JSON.stringify(draft.handlers);
  return {
    id: draft.id,
    type: draft.request.type,
    repository: draft.repository,
    status: "WAITING",
    pausing: 0,
    givingUp: null,
    priority: draft.request.priority,
    request: JSON.stringify(draft.request),
    listed: listedText(draft.request),
    handlers,
    createdBy: draft.createdBy,
    createdAtMs: nowMs,
    startedAtMs: 0,
    claimedAtMs: 0,
    completedAtMs: 0,
    attempt: 1,
    comments: "",
    restartedFrom: draft.restartedFrom ?? null,
    counting: "WAITING",
    tally: JSON.stringify(EMPTY_TALLY),
    triggered: 0,
    openChunks: 0,
    warnings: draft.warnings?.length ?? 0,
    attemptBase: JSON.stringify({ failed: 0, processed: 0 }),
    pace: JSON.stringify(earlier ? { ...NO_PACE, earlier } : NO_PACE),
    progressLoggedAtMs: 0,
    holds: holdsScope(draft.request) ? 1 : 0,
    queued: draft.request.onOverlap === "queue" ? 1 : 0,
    roots: `\n${draft.request.paths.map(rootText).join("\n")}\n`,
    workKey: workKey(draft.repository, handlers),
    costKey,
    found: null,
    logLines: 0,
  };
}

/** Returns a path as the column `roots` holds it: without line breaks, which separate paths there. */
export const rootText = (path: string): string => path.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");

/** Returns the columns of a job that may change after its creation. */
export function changingColumns(job: Job) {
  const { state } = job;
  return {
    status: state.status,
    pausing: state.status === "PROCESSING" && state.pausing ? 1 : 0,
    givingUp: (state.status === "PROCESSING" ? state.givingUp : undefined) ?? null,
    startedAtMs: job.startedAtMs,
    claimedAtMs: job.claimedAtMs,
    completedAtMs: "completedAtMs" in state ? state.completedAtMs : 0,
    attempt: job.attempt,
    // PostgreSQL rejects NUL in text.
    comments: job.comments.replaceAll("\0", "\ufffd"),
    counting: job.counting,
    tally: JSON.stringify(job.tally),
    triggered: job.triggered,
    openChunks: job.openChunks,
    warnings: job.warnings,
    attemptBase: JSON.stringify(job.attemptBase),
    pace: JSON.stringify(job.pace),
    progressLoggedAtMs: job.progressLoggedAtMs,
    found: job.found ? JSON.stringify(job.found) : null,
    logLines: job.logLines,
  } satisfies Partial<JobColumns>;
}

/** Returns a stored job. Damaged columns get harmless defaults, so that the rest can still be shown. */
export const jobOfRow = (row: JobRow): Job => ({ ...fieldsOf(row), ...requestOf(row) });

/** Like `jobOfRow`, for a list: of a row without `roots` and, if `listed` is there, without `request`. */
export function listedJobOfRow(row: ListedRow): ListedJob {
  const { request, damaged } = row.listed === null ? cut(requestOf(row)) : listedOf(row.listed, row);
  return { ...fieldsOf(row), request, ...(damaged ? { damaged } : {}) };
}

/** What a list reads of a job's row. */
export type ListedRow = Omit<JobRow, "roots">;

/** Returns what lists show of a request; null if they show it whole. */
export function listedText(request: JobRequest): string | null {
  const listed = listedRequest(request);
  return isCut(listed) ? JSON.stringify(listed) : null;
}

function fieldsOf(row: ListedRow): Omit<Job, "request" | "damaged"> {
  return {
    id: row.id,
    sequence: row.sequence,
    repository: row.repository,
    handlers: handlersOf(row.handlers) ?? [],
    createdBy: row.createdBy,
    createdAtMs: row.createdAtMs,
    startedAtMs: row.startedAtMs,
    claimedAtMs: row.claimedAtMs,
    state: stateOfRow(row),
    attempt: row.attempt,
    comments: row.comments,
    ...(row.restartedFrom === null ? {} : { restartedFrom: row.restartedFrom }),
    ...foundOf(row.found),
    counting: row.counting as CountingStatus,
    tally: json(row.tally, EMPTY_TALLY, ({ types, skips }) => isObject(types) && isObject(skips)),
    triggered: row.triggered,
    openChunks: row.openChunks,
    warnings: row.warnings,
    attemptBase: json(
      row.attemptBase,
      { failed: 0, processed: 0 },
      ({ failed, processed }) => Number.isFinite(failed) && Number.isFinite(processed),
    ),
    pace: paceOf(row.pace),
    progressLoggedAtMs: row.progressLoggedAtMs,
    logLines: row.logLines,
  };
}

/** Parses a stored pace. Earlier versions had no spans: their measurements say too little. */
export const paceOf = (text: string): Pace =>
  json(
    text,
    NO_PACE,
    ({ types, spans, workedMs }) => isObject(types) && Array.isArray(spans) && Number.isFinite(workedMs),
  );

/** Parses a stored request; returns undefined if it is damaged. */
export const parseRequest = (text: string): JobRequest | undefined =>
  json<JobRequest | undefined>(text, undefined, ({ paths }) => isTextList(paths) && (paths as string[]).length > 0);

function requestOf(row: Pick<JobRow, "request" | "type" | "priority">): Pick<Job, "request" | "damaged"> {
  const request = parseRequest(row.request);
  // An unreadable scope may be any: the job holds all paths, and is never run.
  return request ? { request } : { request: { type: row.type, paths: ["/"], priority: row.priority }, damaged: true };
}

const cut = ({ request, ...others }: Pick<Job, "request" | "damaged">): Pick<ListedJob, "request" | "damaged"> => ({
  ...others,
  request: listedRequest(request),
});

function listedOf(text: string, row: Pick<JobRow, "type" | "priority">): Pick<ListedJob, "request" | "damaged"> {
  const isCutList = (list: unknown): boolean => isObject(list) && isTextList((list as CutList).first);
  const request = json<ListedRequest | undefined>(
    text,
    undefined,
    ({ paths, excludedPaths }) => isCutList(paths) && (excludedPaths === undefined || isCutList(excludedPaths)),
  );
  return request ? { request } : cut(requestOf({ ...row, request: "" }));
}

function foundOf(text: string | null): Pick<Job, "found"> {
  const found =
    text === null
      ? undefined
      : json<Job["found"]>(text, undefined, ({ first, last }) => typeof first === "string" && typeof last === "string");
  return found ? { found } : {};
}

/** Returns the names of the handlers that a job needs; undefined if the stored list is damaged. */
export const handlersOf = (text: string): readonly string[] | undefined =>
  json<readonly string[] | undefined>(text, undefined, isTextList);

function stateOfRow(row: ListedRow): JobState {
  const status = JOB_STATUSES.find((known) => known === row.status) ?? ("FAILURE" satisfies JobStatus);
  switch (status) {
    case "PROCESSING":
      return { status, pausing: row.pausing === 1, ...(row.givingUp === null ? {} : { givingUp: row.givingUp }) };
    case "SUCCESS":
    case "FAILURE":
    case "CANCELLED":
      return { status, completedAtMs: row.completedAtMs };
    default:
      return { status };
  }
}

/** Parses a stored structure; returns `otherwise` if it is damaged, so that the rest of the row stays readable. */
function json<T>(text: string, otherwise: T, isSound: (value: Sound) => boolean): T {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && isSound(value as Sound) ? (value as T) : otherwise;
  } catch {
    return otherwise;
  }
}

type Sound = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null && !Array.isArray(value);
const isTextList = (value: unknown): boolean => Array.isArray(value) && value.every((item) => typeof item === "string");
