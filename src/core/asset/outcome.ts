/** Why an asset was skipped. Skip rules decide the first four and PATH_TOO_LONG, during discovery. */
export const SKIP_CODES = [
  "IGNORED_PATH",
  "CONTENT_FRAGMENT",
  "SUB_ASSET",
  "TRANSLATION_OUTPUT",
  "UNCHANGED",
  "NO_HANDLER",
  "GONE",
  "CHANGED",
  "LOCKED",
  "CHECKED_OUT",
  "BY_HANDLER",
  "PATH_TOO_LONG",
] as const;

export type SkipCode = (typeof SKIP_CODES)[number];

/** Why an asset failed, where no handler gave a code of its own. */
export const FAILED_CODES = [
  "HANDLER_ERROR",
  "DEADLINE",
  "POISON",
  "READ_FAILED",
  "WRITE_FAILED",
  "ACCESS_DENIED",
  "RESULT_TOO_LARGE",
  "ENCODING_INVALID",
  "ENCODING_UNKNOWN",
] as const;

export interface Succeeded {
  readonly kind: "SUCCEEDED";
  readonly attempts: number;
  /** Warnings of the handlers, at most 100. May be empty. */
  readonly warnings: readonly string[];
  /** Number of further warnings, whose text was not kept. @defaultValue 0 */
  readonly moreWarnings?: number;
}

export interface Skipped {
  readonly kind: "SKIPPED";
  readonly code: SkipCode;
  readonly message?: string;
  readonly handler?: string;
  readonly attempts: number;
}

export interface Failed {
  readonly kind: "FAILED";
  /** One of FAILED_CODES, or a code of the handler's own. */
  readonly code: string;
  readonly message: string;
  readonly handler?: string;
  readonly attempts: number;
}

/** How processing one asset ended. There is exactly one per asset and job. */
export type Outcome = Succeeded | Skipped | Failed;

export type OutcomeKind = Outcome["kind"];

/** An outcome as shown in reports. */
export interface ReportedOutcome {
  readonly path: string;
  readonly outcome: OutcomeKind;
  readonly code?: string;
  readonly message?: string;
  readonly handler?: string;
  readonly attempts: number;
  /** Epoch milliseconds, by the store's clock. */
  readonly at: number;
}
