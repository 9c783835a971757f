/** A job's states. WAITING, PROCESSING, CANCELLING and PAUSED hold its scope. */
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

/** What may happen to a job. The first five are asked for, the others happen. */
export type LifecycleEvent =
  "cancel" | "pause" | "resume" | "restart" | "retry-failed" | "claim" | "finish" | "give up" | "drained";

interface Edge {
  readonly from: JobStatus;
  readonly on: LifecycleEvent;
  /** "new job": this one stays as it is. */
  readonly to: JobStatus | "new job";
  readonly because: string;
}

/** Every legal change of a job's status. Flags, endpoints and the engine all follow this one table. */
export const LIFECYCLE = [
  { from: "WAITING", on: "claim", to: "PROCESSING", because: "a node took discovery or a chunk" },
  { from: "WAITING", on: "cancel", to: "CANCELLED", because: "nothing runs, so nothing has to end" },
  { from: "WAITING", on: "pause", to: "PAUSED", because: "nothing runs, so nothing has to end" },
  { from: "PROCESSING", on: "claim", to: "PROCESSING", because: "a node took more of it, or took over a lease" },
  { from: "PROCESSING", on: "pause", to: "PROCESSING", because: "handlers are told to stop; PAUSED once drained" },
  { from: "PROCESSING", on: "cancel", to: "CANCELLING", because: "handlers run and are told to stop" },
  { from: "PROCESSING", on: "give up", to: "PROCESSING", because: "handlers are told to stop; FAILURE once drained" },
  { from: "PROCESSING", on: "finish", to: "SUCCESS", because: "discovery is complete and no chunk is open" },
  { from: "PROCESSING", on: "finish", to: "FAILURE", because: "the same, and every asset failed" },
  { from: "PROCESSING", on: "drained", to: "PAUSED", because: "it was pausing, and the last handler ended" },
  { from: "PROCESSING", on: "drained", to: "FAILURE", because: "it was giving up, and the last handler ended" },
  { from: "CANCELLING", on: "cancel", to: "CANCELLING", because: "asked again: it is under way" },
  { from: "CANCELLING", on: "drained", to: "CANCELLED", because: "the last handler ended; cancel wins over finish" },
  { from: "PAUSED", on: "resume", to: "WAITING", because: "the same attempt goes on" },
  { from: "PAUSED", on: "cancel", to: "CANCELLED", because: "nothing runs, so nothing has to end" },
  { from: "FAILURE", on: "resume", to: "WAITING", because: "something is left to do: the next attempt" },
  { from: "CANCELLED", on: "resume", to: "WAITING", because: "something is left to do: the next attempt" },
  { from: "CANCELLED", on: "cancel", to: "CANCELLED", because: "asked again: it is done" },
  { from: "SUCCESS", on: "restart", to: "new job", because: "the old one stays as it is" },
  { from: "FAILURE", on: "restart", to: "new job", because: "the old one stays as it is" },
  { from: "CANCELLED", on: "restart", to: "new job", because: "the old one stays as it is" },
  { from: "SUCCESS", on: "retry-failed", to: "new job", because: "the old one stays as it is" },
  { from: "FAILURE", on: "retry-failed", to: "new job", because: "the old one stays as it is" },
  { from: "CANCELLED", on: "retry-failed", to: "new job", because: "the old one stays as it is" },
] as const satisfies readonly Edge[];

/** True where the table has an edge for this event. Resume also needs something left to do. */
export const accepts = (status: JobStatus, event: LifecycleEvent): boolean =>
  LIFECYCLE.some((edge) => edge.from === status && edge.on === event);

const leadsBy = (from: JobStatus, to: JobStatus, events: readonly LifecycleEvent[]): boolean =>
  LIFECYCLE.some((edge) => edge.from === from && edge.to === to && events.includes(edge.on));

/** What a job may do by itself in the transaction that told it to stop. */
const SETTLING: readonly LifecycleEvent[] = ["finish", "drained"];

/** Returns whether one transaction may change the one status into the other: by one edge, or by a second that settles it. */
export const leadsTo = (from: JobStatus, to: JobStatus): boolean =>
  from === to ||
  LIFECYCLE.some(
    (edge) =>
      edge.from === from &&
      (edge.to === to || (edge.on !== "claim" && edge.to !== "new job" && leadsBy(edge.to, to, SETTLING))),
  );

/** Returns whether a job has ended: it will not change by itself any more, and its scope is free. */
export const isFinal = (status: JobStatus): boolean => accepts(status, "restart");

/** The statuses that the table has an edge for this event from. */
export const statusesOn = (event: LifecycleEvent): readonly JobStatus[] =>
  JOB_STATUSES.filter((status) => accepts(status, event));

/** The statuses of jobs that have not ended: those hold their scope. */
export const ACTIVE_STATUSES: readonly JobStatus[] = JOB_STATUSES.filter((status) => !isFinal(status));

/** What a status object offers; computed, never stored. `leftToDo`: an asset without outcome, or discovery undone. */
export function flagsOf(
  status: JobStatus,
  leftToDo: boolean,
): { restartable: boolean; resumable: boolean; cancellable: boolean } {
  return {
    restartable: accepts(status, "restart"),
    resumable: accepts(status, "resume") && (leftToDo || status === "PAUSED"),
    // A repeated cancel is answered with 200, but there is nothing more to cancel.
    cancellable: accepts(status, "cancel") && status !== "CANCELLING" && status !== "CANCELLED",
  };
}
