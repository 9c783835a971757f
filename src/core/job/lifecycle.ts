/** The statuses of a job. In WAITING, PROCESSING, CANCELLING and PAUSED it holds its scope. */
export const JOB_STATUSES = [
  "WAITING",
  "PROCESSING",
  "CANCELLING",
  "PAUSED",
  "SUCCESS",
  "FAILURE",
  "CANCELLED",
] as const;

export type JobStatus = (typeof JOB_STATUSES)[number];

/** Events in a job's life. Callers request the first five; the engine causes the others. */
export type LifecycleEvent =
  "cancel" | "pause" | "resume" | "restart" | "retry-failed" | "claim" | "finish" | "give up" | "drained";

interface Edge {
  readonly from: JobStatus;
  readonly on: LifecycleEvent;
  /** "new job": the event starts another job and leaves this one unchanged. */
  readonly to: JobStatus | "new job";
  readonly because: string;
}

/** Every legal change of a job's status. Flags, endpoints and the engine all follow this table. */
export const LIFECYCLE = [
  { from: "WAITING", on: "claim", to: "PROCESSING", because: "a node claimed discovery or a chunk" },
  { from: "WAITING", on: "cancel", to: "CANCELLED", because: "nothing is running, so nothing has to stop" },
  { from: "WAITING", on: "pause", to: "PAUSED", because: "nothing is running, so nothing has to stop" },
  { from: "PROCESSING", on: "claim", to: "PROCESSING", because: "a node claimed more work, or took over a lease" },
  { from: "PROCESSING", on: "pause", to: "PROCESSING", because: "handlers are told to stop; PAUSED once drained" },
  { from: "PROCESSING", on: "cancel", to: "CANCELLING", because: "running handlers are told to stop" },
  { from: "PROCESSING", on: "give up", to: "PROCESSING", because: "handlers are told to stop; FAILURE once drained" },
  { from: "PROCESSING", on: "finish", to: "SUCCESS", because: "discovery is complete and no chunk is open" },
  { from: "PROCESSING", on: "finish", to: "FAILURE", because: "the same, but every asset failed" },
  { from: "PROCESSING", on: "drained", to: "PAUSED", because: "it was pausing, and the last handler ended" },
  { from: "PROCESSING", on: "drained", to: "FAILURE", because: "it was giving up, and the last handler ended" },
  { from: "CANCELLING", on: "cancel", to: "CANCELLING", because: "a repeated cancel: it is under way" },
  { from: "CANCELLING", on: "drained", to: "CANCELLED", because: "the last handler ended; cancel wins over finish" },
  { from: "PAUSED", on: "resume", to: "WAITING", because: "the same attempt continues" },
  { from: "PAUSED", on: "cancel", to: "CANCELLED", because: "nothing is running, so nothing has to stop" },
  { from: "FAILURE", on: "resume", to: "WAITING", because: "work is left: a new attempt begins" },
  { from: "CANCELLED", on: "resume", to: "WAITING", because: "work is left: a new attempt begins" },
  { from: "CANCELLED", on: "cancel", to: "CANCELLED", because: "a repeated cancel: it is already done" },
  { from: "SUCCESS", on: "restart", to: "new job", because: "the old one stays as it is" },
  { from: "FAILURE", on: "restart", to: "new job", because: "the old one stays as it is" },
  { from: "CANCELLED", on: "restart", to: "new job", because: "the old one stays as it is" },
  { from: "SUCCESS", on: "retry-failed", to: "new job", because: "the old one stays as it is" },
  { from: "FAILURE", on: "retry-failed", to: "new job", because: "the old one stays as it is" },
  { from: "CANCELLED", on: "retry-failed", to: "new job", because: "the old one stays as it is" },
] as const satisfies readonly Edge[];

/** Returns whether the table has an edge for this event. Resume also requires that work is left. */
export const accepts = (status: JobStatus, event: LifecycleEvent): boolean =>
  LIFECYCLE.some((edge) => edge.from === status && edge.on === event);

const leadsBy = (from: JobStatus, to: JobStatus, events: readonly LifecycleEvent[]): boolean =>
  LIFECYCLE.some((edge) => edge.from === from && edge.to === to && events.includes(edge.on));

/** Events that can follow another event in the same transaction. */
const SETTLING: readonly LifecycleEvent[] = ["finish", "drained"];

/** Returns whether one transaction may change `from` into `to`: by one edge, or by one and a settling edge after it. */
export const leadsTo = (from: JobStatus, to: JobStatus): boolean =>
  from === to ||
  LIFECYCLE.some(
    (edge) =>
      edge.from === from &&
      (edge.to === to || (edge.on !== "claim" && edge.to !== "new job" && leadsBy(edge.to, to, SETTLING))),
  );

/** Returns whether a job with this status has ended: it no longer changes by itself, and its scope is free. */
export const isFinal = (status: JobStatus): boolean => accepts(status, "restart");

/** Returns the statuses in which a job accepts this event. */
export const statusesOn = (event: LifecycleEvent): readonly JobStatus[] =>
  JOB_STATUSES.filter((status) => accepts(status, event));

/** The statuses of jobs that have not ended, and so hold their scope. */
export const ACTIVE_STATUSES: readonly JobStatus[] = JOB_STATUSES.filter((status) => !isFinal(status));

/** Computes a status object's flags; they are never stored. `leftToDo`: whether the job has work left. */
export function flagsOf(
  status: JobStatus,
  leftToDo: boolean,
): { restartable: boolean; resumable: boolean; cancellable: boolean } {
  return {
    restartable: accepts(status, "restart"),
    resumable: accepts(status, "resume") && (leftToDo || status === "PAUSED"),
    // A repeated cancel succeeds, but there is nothing more to cancel.
    cancellable: accepts(status, "cancel") && status !== "CANCELLING" && status !== "CANCELLED",
  };
}
