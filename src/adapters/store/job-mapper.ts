import type { CountingStatus, Job, JobDraft, JobState } from "../../core/job.js";
import type { JobRequest } from "../../core/job-request.js";
import { JOB_STATUSES, type JobStatus } from "../../core/lifecycle.js";
import { NO_PACE } from "../../core/progress/pace.js";
import { EMPTY_TALLY } from "../../core/tally.js";
import type { JobRow } from "./job-row.js";

type JobColumns = Omit<JobRow, "sequence">;

/** A new job's row. */
export function rowOfDraft(draft: JobDraft, nowMs: number): JobColumns {
  return {
    id: draft.id,
    type: draft.request.type,
    repository: draft.repository,
    status: "WAITING",
    pausing: 0,
    givingUp: null,
    priority: draft.request.priority,
    request: JSON.stringify(draft.request),
    handlers: JSON.stringify(draft.handlers),
    createdBy: draft.createdBy,
    createdAtMs: nowMs,
    startedAtMs: 0,
    completedAtMs: 0,
    attempt: 1,
    comments: "",
    restartedFrom: draft.restartedFrom ?? null,
    counting: "WAITING",
    tally: JSON.stringify(EMPTY_TALLY),
    triggered: 0,
    openChunks: 0,
    attemptBase: JSON.stringify({ failed: 0, processed: 0 }),
    pace: JSON.stringify(NO_PACE),
    progressLoggedAtMs: 0,
    logLines: 0,
  };
}

/** The columns of a job that may change after its creation. */
export function changingColumns(job: Job) {
  const { state } = job;
  return {
    status: state.status,
    pausing: state.status === "PROCESSING" && state.pausing ? 1 : 0,
    givingUp: (state.status === "PROCESSING" ? state.givingUp : undefined) ?? null,
    startedAtMs: job.startedAtMs,
    completedAtMs: "completedAtMs" in state ? state.completedAtMs : 0,
    attempt: job.attempt,
    comments: job.comments,
    counting: job.counting,
    tally: JSON.stringify(job.tally),
    triggered: job.triggered,
    openChunks: job.openChunks,
    attemptBase: JSON.stringify(job.attemptBase),
    pace: JSON.stringify(job.pace),
    progressLoggedAtMs: job.progressLoggedAtMs,
    logLines: job.logLines,
  } satisfies Partial<JobColumns>;
}

/** A stored job. What a damaged row no longer says is filled with what harms nobody, so that the rest can be shown. */
export function jobOfRow(row: JobRow): Job {
  return {
    id: row.id,
    sequence: row.sequence,
    request: json<JobRequest>(row.request, { type: row.type, paths: ["/"], priority: row.priority }),
    repository: row.repository,
    handlers: json<readonly string[]>(row.handlers, []),
    createdBy: row.createdBy,
    createdAtMs: row.createdAtMs,
    startedAtMs: row.startedAtMs,
    state: stateOfRow(row),
    attempt: row.attempt,
    comments: row.comments,
    ...(row.restartedFrom === null ? {} : { restartedFrom: row.restartedFrom }),
    counting: row.counting as CountingStatus,
    tally: json(row.tally, EMPTY_TALLY),
    triggered: row.triggered,
    openChunks: row.openChunks,
    attemptBase: json(row.attemptBase, { failed: 0, processed: 0 }),
    pace: json(row.pace, NO_PACE),
    progressLoggedAtMs: row.progressLoggedAtMs,
    logLines: row.logLines,
  };
}

function stateOfRow(row: JobRow): JobState {
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

function json<T extends object>(text: string, otherwise: T): T {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as T) : otherwise;
  } catch {
    return otherwise;
  }
}
