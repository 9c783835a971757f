import type { OutcomeKind, ReportedOutcome } from "../outcome.js";

/** Where a page of outcomes goes on: chunk and index within it. */
export interface OutcomeCursor {
  readonly chunk: number;
  readonly index: number;
}

export interface OutcomeQuery {
  /** Outcomes after this one. */
  readonly after?: OutcomeCursor;
  readonly limit: number;
  /** @defaultValue all kinds */
  readonly kinds?: readonly OutcomeKind[];
}

export interface OutcomePage {
  readonly outcomes: readonly ReportedOutcome[];
  /** Undefined at the end of what is stored now. */
  readonly next?: OutcomeCursor;
}

/** Outcomes of a job, readable while it runs. */
export interface JobReports {
  /** In path order. */
  outcomes(jobId: string, query: OutcomeQuery): Promise<OutcomePage>;
}
