import { AssetmillError } from "../errors.js";
import type { DiscoveryPage } from "./chunk.js";
import type { ChunkProgress } from "./chunk-progress.js";
import { hasWorkLeft, isClaimable, type Job } from "./job.js";
import { countedLine, hiddenLines, progressLine, summaryLines } from "./job-lines.js";
import { accepts, leadsTo, type LifecycleEvent } from "./lifecycle.js";
import { info, type LogEntry } from "./log-entry.js";
import { holdsScope } from "./job-request.js";
import { addPace, restPace } from "./pace.js";
import { addTallies, sumOf } from "./tally.js";

/**
 * Everything that can happen to a job, as pure functions. A store calls them in the transaction that holds the job's
 * row lock, with facts read under that lock, and stores what they return. So one set of rules serves every store.
 */

/** What the store reads in the same transaction, besides the job's row. */
export interface JobFacts {
  /** Whether any lease of the job is LEASED, discovery's included. */
  readonly leased: boolean;
  /** By the database's clock. */
  readonly nowMs: number;
}

/** The job to store, and the lines to append to its log. */
export interface JobChange {
  readonly job: Job;
  readonly lines: readonly LogEntry[];
}

/** A change that changes nothing. */
export const unchanged = (job: Job): JobChange => ({ job, lines: [] });

const refused = (job: Job, event: LifecycleEvent): AssetmillError =>
  new AssetmillError("ILLEGAL_STATE", `cannot ${event} a job that is ${job.state.status}`, {
    ids: { jobId: job.id, status: job.state.status },
  });

/** Throws INTERNAL if the lifecycle table does not allow the change. Every store calls it before storing a change. */
export function checkChange(before: Job, { job: { id, state } }: JobChange): void {
  if (leadsTo(before.state.status, state.status)) return;
  const message = `the lifecycle has no transition from ${before.state.status} to ${state.status}`;
  throw new AssetmillError("INTERNAL", message, { ids: { jobId: id, status: before.state.status } });
}

/** Throws ILLEGAL_STATE if the job's stored request can no longer be read. */
export function refuseDamaged(job: Job): void {
  if (!job.damaged) return;
  throw new AssetmillError("ILLEGAL_STATE", `${DAMAGED}; the job is ${job.state.status}`, {
    ids: { jobId: job.id, status: job.state.status },
  });
}
export const DAMAGED = "its request is damaged in the store";

/** The work that a claim took. */
export interface ClaimedWork {
  /** Assets in chunks claimed for the first time, without those skipped by rules. */
  readonly newlyTriggered: number;
  /** Leases taken over from an owner that died or missed its renewal, discovery's included. */
  readonly takenOver: number;
  /** The number of the claimed chunk, if it must run in careful mode. */
  readonly careful?: number;
}

/** A node claimed discovery or chunks. Returns undefined if the job cannot be claimed now: then take nothing. */
export function claimed(job: Job, work: ClaimedWork, facts: JobFacts): JobChange | undefined {
  if (!isClaimable(job)) return undefined;
  return {
    job: {
      ...job,
      ...(work.takenOver > 0 ? { comments: withoutThrottleNote(job) } : {}),
      state: job.state.status === "WAITING" ? { status: "PROCESSING", pausing: false } : job.state,
      startedAtMs: job.startedAtMs || facts.nowMs,
      claimedAtMs: facts.nowMs,
      counting: job.counting === "SUCCESS" ? "SUCCESS" : "PROCESSING",
      progressLoggedAtMs: job.progressLoggedAtMs || facts.nowMs,
      triggered: job.triggered + work.newlyTriggered,
    },
    lines: [
      ...(work.takenOver > 0 ? [takeoverLine(work.takenOver)] : []),
      ...(work.careful === undefined ? [] : [carefulLine(work.careful)]),
    ],
  };
}

const takeoverLine = (leases: number): LogEntry =>
  info(`Took over ${leases} lease${leases === 1 ? "" : "s"} from a worker that died or missed its renewal`);

const carefulLine = (chunk: number): LogEntry => ({
  level: "WARN",
  message: `Running chunk ${chunk} one asset at a time because its workers kept dying`,
});

export function cancel(job: Job, by: string, facts: JobFacts): JobChange {
  if (!accepts(job.state.status, "cancel")) throw refused(job, "cancel");
  if (job.state.status === "CANCELLED") return unchanged(job);
  if (job.state.status === "CANCELLING") return settle(job, facts);
  const comments = `cancelled by ${by}`;
  if (job.state.status !== "PROCESSING") {
    return end({ ...job, comments }, "CANCELLED", facts, [info(`Cancelled by ${by}`)]);
  }
  const lines = [info(`Cancel requested by ${by}; waiting for running handlers to stop`)];
  return after(lines, settle({ ...job, comments, state: { status: "CANCELLING" } }, facts));
}

export function pause(job: Job, by: string, facts: JobFacts): JobChange {
  if (!accepts(job.state.status, "pause")) throw refused(job, "pause");
  if (job.state.status === "WAITING") {
    return { job: { ...job, state: { status: "PAUSED" } }, lines: [info(`Paused by ${by}`)] };
  }
  if (job.state.status !== "PROCESSING" || job.state.givingUp !== undefined) throw refused(job, "pause");
  if (job.state.pausing) return settle(job, facts);
  const lines = [info(`Pause requested by ${by}; waiting for running handlers to stop`)];
  return after(lines, settle({ ...job, state: { status: "PROCESSING", pausing: true } }, facts));
}

export function resume(job: Job, by: string): JobChange {
  const { status } = job.state;
  if (!accepts(status, "resume")) throw refused(job, "resume");
  refuseDamaged(job);
  const { total, succeeded, failed, skipped } = sumOf(job.tally);
  const processed = succeeded + failed + skipped;
  const waiting = { ...job, state: { status: "WAITING" }, pace: restPace(job.pace) } as const;
  if (status === "PAUSED") return { job: waiting, lines: [info(`Resumed by ${by} at ${processed}/${total}`)] };
  if (!hasWorkLeft(job)) {
    throw new AssetmillError("ILLEGAL_STATE", `nothing to resume: the job is ${status} and has no work left`, {
      ids: { jobId: job.id, status },
    });
  }
  const attempt = job.attempt + 1;
  return {
    job: { ...waiting, attempt, comments: "", attemptBase: { failed, processed } },
    lines: [info(`Resumed by ${by}, attempt ${attempt}, at ${processed}/${total}`)],
  };
}

/** Gives a job up, because discovery is impossible or too much failed: handlers stop, then it is FAILURE. Resumable. */
export function giveUp(job: Job, why: string, facts: JobFacts): JobChange {
  if (job.state.status !== "PROCESSING" || job.state.givingUp !== undefined) return unchanged(job);
  const giving: Job = { ...job, state: { status: "PROCESSING", pausing: false, givingUp: why } };
  return after([{ level: "ERROR", message: `Giving up: ${why}` }], settle(giving, facts));
}

const WAITS = "waiting: ";

/** Notes that the job waits for its repository. It continues by itself once the repository can be reached again. */
export function repositoryUnavailable(job: Job, why: string): JobChange {
  const comments = WAITS + why;
  if (job.state.status !== "PROCESSING" || job.comments === comments) return unchanged(job);
  return { job: { ...job, comments }, lines: [{ level: "WARN", message: `Waiting: ${why}` }] };
}

const SLOWED = "slowed down: ";

/** Notes that an overloaded node runs fewer of the job's assets at once. */
export function throttled(job: Job, why: string): JobChange {
  const comments = SLOWED + why;
  // Any other comment matters more.
  const saysOther = job.comments !== "" && !job.comments.startsWith(SLOWED);
  if (job.state.status !== "PROCESSING" || saysOther || job.comments === comments) return unchanged(job);
  return { job: { ...job, comments }, lines: [{ level: "WARN", message: `Slowed down: ${why}` }] };
}

/** Notes that no node is overloaded any more. */
export function unthrottled(job: Job): JobChange {
  if (!job.comments.startsWith(SLOWED)) return unchanged(job);
  return { job: { ...job, comments: "" }, lines: [info("Back at full speed")] };
}

/** The comments without a note about an overloaded node. */
const withoutThrottleNote = ({ comments }: Job): string => (comments.startsWith(SLOWED) ? "" : comments);

/** The comments without a note about waiting: a job that makes progress does not wait. */
const withoutWaitNote = ({ comments }: Job): string => (comments.startsWith(WAITS) ? "" : comments);

/** The parts of a discovery page that the job's row records. */
export type DiscoveryProgress = Pick<DiscoveryPage, "chunks" | "tally" | "first" | "last" | "complete" | "lines">;

export function discovered(job: Job, page: DiscoveryProgress, facts: JobFacts): JobChange {
  const counted: Job = {
    ...job,
    comments: withoutWaitNote(job),
    tally: addTallies(job.tally, page.tally),
    openChunks: job.openChunks + page.chunks.filter(({ open }) => open > 0).length,
    counting: page.complete ? "SUCCESS" : job.counting,
    ...found(job, page),
  };
  const ending = page.complete ? [...hiddenLines(counted), countedLine(counted)] : [];
  return after([...(page.lines ?? []), ...ending], settle(counted, facts));
}

function found(job: Job, { first, last }: DiscoveryProgress): Pick<Job, "found"> {
  if (!job.request.dryRun || first === undefined || last === undefined) return {};
  return { found: { first: job.found?.first ?? first, last } };
}

/** Parts of a job's chunks were committed. */
export function progressed(job: Job, progress: ChunkProgress, facts: JobFacts): JobChange {
  const worked: Job = {
    ...job,
    comments: withoutWaitNote(job),
    tally: addTallies(job.tally, progress.tally),
    openChunks: job.openChunks - progress.closedChunks,
    warnings: job.warnings + progress.warnings,
    pace: addPace(job.pace, progress.samples, facts.nowMs),
  };
  const running = worked.state.status === "PROCESSING" && worked.state.givingUp === undefined;
  const excess = running ? tooManyFailures(worked) : undefined;
  if (excess) return giveUp(worked, excess, facts);
  const change = settle(worked, facts);
  const due = facts.nowMs - worked.progressLoggedAtMs >= PROGRESS_LINE_MS;
  if (change.job.state.status !== "PROCESSING" || !due) return change;
  return { job: { ...change.job, progressLoggedAtMs: facts.nowMs }, lines: [progressLine(worked), ...change.lines] };
}
const PROGRESS_LINE_MS = 9_000;

/** A percentage is meaningless for the first few assets. */
const PERCENT_FROM = 100;

function tooManyFailures(job: Job): string | undefined {
  const limit = job.request.maxFailures;
  if (limit === undefined) return undefined;
  const total = sumOf(job.tally);
  const failed = total.failed - job.attemptBase.failed;
  const processed = total.succeeded + total.failed + total.skipped - job.attemptBase.processed;
  if (typeof limit === "number") return failed > limit ? `${assets(failed)} failed, more than ${limit}` : undefined;
  // Exact at the boundary, also for 33.333333%: in millionths of a percent.
  const allowed = BigInt(Math.round(Number.parseFloat(limit) * 1e6)) * BigInt(processed);
  if (processed < PERCENT_FROM || BigInt(failed) * 100_000_000n <= allowed) return undefined;
  return `${failed} of ${processed} assets failed, more than ${limit}`;
}

/**
 * Ends the job if it can end: a stopping job when it is drained, a running job when nothing is open. Must be called by
 * every transaction that may have ended the last lease or the last open chunk.
 * Precedence: cancel wins over everything, giving up over finish, finish over pause.
 */
export function settle(job: Job, facts: JobFacts): JobChange {
  const { state } = job;
  if (state.status === "CANCELLING") {
    return facts.leased ? unchanged(job) : end(job, "CANCELLED", facts);
  }
  if (state.status !== "PROCESSING") return unchanged(job);
  if (state.givingUp !== undefined) {
    return facts.leased ? unchanged(job) : end({ ...job, comments: state.givingUp }, "FAILURE", facts);
  }
  if (!hasWorkLeft(job)) return finish(job, facts);
  if (state.pausing && !facts.leased) {
    const paused = {
      ...job,
      comments: withoutThrottleNote(job),
      state: { status: "PAUSED" },
      pace: restPace(job.pace),
    } as const;
    return { job: paused, lines: [info("Paused")] };
  }
  return unchanged(job);
}

function finish(job: Job, facts: JobFacts): JobChange {
  const { total, failed } = sumOf(job.tally);
  const allFailed = total > 0 && failed === total;
  if (!holdsScope(job.request)) return end({ ...job, comments: `found ${assets(total)}` }, "SUCCESS", facts);
  const comments = failed === 0 ? `completed: ${assets(total)}` : `completed with ${failed} failed of ${assets(total)}`;
  return end({ ...job, comments }, allFailed ? "FAILURE" : "SUCCESS", facts);
}

function end(
  job: Job,
  status: "SUCCESS" | "FAILURE" | "CANCELLED",
  facts: JobFacts,
  lines: readonly LogEntry[] = [],
): JobChange {
  const started = job.startedAtMs > 0;
  return {
    job: {
      ...job,
      state: { status, completedAtMs: facts.nowMs },
      pace: restPace(job.pace),
      counting: job.counting === "PROCESSING" ? "FAILURE" : job.counting,
    },
    lines: [...lines, ...(started ? summaryLines(job, facts.nowMs) : []), info(`Ended ${status}: ${job.comments}`)],
  };
}

const after = (lines: readonly LogEntry[], change: JobChange): JobChange =>
  lines.length === 0 ? change : { job: change.job, lines: [...lines, ...change.lines] };

const assets = (count: number): string => `${count} asset${count === 1 ? "" : "s"}`;
