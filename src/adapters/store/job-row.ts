import type { EntityDefinition } from "../sql/index.js";

/** A job as stored. Structures are JSON text: no query looks inside them. */
export class JobRow {
  sequence!: number;
  id!: string;
  type!: string;
  repository!: string;
  status!: string;
  pausing!: number;
  givingUp!: string | null;
  priority!: number;
  request!: string;
  /** What lists show of a request with long lists (`listedRequest`); null for other requests, which lists show whole. */
  listed!: string | null;
  handlers!: string;
  createdBy!: string;
  createdAtMs!: number;
  startedAtMs!: number;
  claimedAtMs!: number;
  completedAtMs!: number;
  attempt!: number;
  comments!: string;
  restartedFrom!: string | null;
  counting!: string;
  tally!: string;
  triggered!: number;
  openChunks!: number;
  warnings!: number;
  attemptBase!: string;
  pace!: string;
  progressLoggedAtMs!: number;
  /** 1 if no other job may work on its scope at the same time. */
  holds!: number;
  /** 1 if it waits for earlier jobs with an overlapping scope. */
  queued!: number;
  /** The paths of the request as `rootText` writes them, each between two line breaks. */
  roots!: string;
  /** `workKey` of repository and handlers. */
  workKey!: string;
  /** See `Inherited`. */
  costKey!: string;
  found!: string | null;
  logLines!: number;
}

/** PostgreSQL's driver returns 64-bit integers as text. Ours are timestamps, which are exact as numbers. */
const BIG = {
  type: "bigint",
  transformer: { from: (value: string | number) => Number(value), to: (value: number) => value },
} as const;

export const JOB_ROW: EntityDefinition<JobRow> = {
  target: JobRow,
  table: "job",
  columns: {
    sequence: { type: "integer", primary: true, generated: true },
    id: { type: "text", unique: true },
    type: { type: "text" },
    repository: { type: "text" },
    status: { type: "text" },
    pausing: { type: "integer", default: 0 },
    givingUp: { name: "giving_up", type: "text", nullable: true },
    priority: { type: "integer" },
    request: { type: "text" },
    listed: { type: "text", nullable: true },
    handlers: { type: "text" },
    createdBy: { name: "created_by", type: "text" },
    createdAtMs: { name: "created_at_ms", ...BIG },
    startedAtMs: { name: "started_at_ms", ...BIG },
    claimedAtMs: { name: "claimed_at_ms", ...BIG },
    completedAtMs: { name: "completed_at_ms", ...BIG },
    attempt: { type: "integer" },
    comments: { type: "text" },
    restartedFrom: { name: "restarted_from", type: "text", nullable: true },
    counting: { type: "text" },
    tally: { type: "text" },
    triggered: { type: "integer" },
    openChunks: { name: "open_chunks", type: "integer" },
    warnings: { ...BIG, default: 0 },
    attemptBase: { name: "attempt_base", type: "text" },
    pace: { type: "text" },
    progressLoggedAtMs: { name: "progress_logged_at_ms", ...BIG },
    holds: { type: "integer" },
    queued: { type: "integer" },
    roots: { type: "text" },
    workKey: { name: "work_key", type: "text" },
    costKey: { name: "cost_key", type: "text", default: "" },
    found: { type: "text", nullable: true },
    logLines: { name: "log_lines", type: "integer" },
  },
};
