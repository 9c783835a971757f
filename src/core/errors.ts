/** Stable, upper-case codes. The first group is the wire's (CONTRACT.md), the second belongs to assets' outcomes. */
export type ErrorCode =
  | "INVALID_JSON"
  | "INVALID_PARAMETER"
  | "UNKNOWN_FIELD"
  | "UNKNOWN_TYPE"
  | "PATH_NOT_FOUND"
  | "PATH_BUSY"
  | "JOB_NOT_FOUND"
  | "ILLEGAL_STATE"
  | "IDEMPOTENCY_CONFLICT"
  | "UNAUTHENTICATED"
  | "FORBIDDEN"
  | "TOO_LARGE"
  | "UNSUPPORTED_MEDIA_TYPE"
  | "RATE_LIMITED"
  | "UNAVAILABLE"
  | "INTERNAL"
  | "GONE"
  | "ACCESS_DENIED"
  | "READ_FAILED"
  | "WRITE_FAILED";

/** What an error is about; enough to act on. */
export interface ErrorIds {
  readonly jobId?: string;
  readonly path?: string;
  readonly status?: string;
  readonly field?: string;
}

/** One field that a request got wrong. */
export interface FieldError {
  readonly field: string;
  readonly message: string;
}

// Symbol.for: two copies of this package in one process recognise each other's errors.
const ERROR = Symbol.for("assetmill.AssetmillError");
const RETRYABLE = Symbol.for("assetmill.RetryableError");
const SKIP = Symbol.for("assetmill.SkipAsset");
const FAILURE = Symbol.for("assetmill.AssetFailure");

function branded(value: unknown, brand: symbol): boolean {
  try {
    return typeof value === "object" && value !== null && (value as Record<symbol, unknown>)[brand] === true;
  } catch {
    // Whatever was thrown answers a look with an error of its own: none of ours.
    return false;
  }
}

/** The base of every error that assetmill raises on purpose. */
export class AssetmillError extends Error {
  override readonly name: string = "AssetmillError";
  readonly code: ErrorCode;
  readonly ids: ErrorIds;
  /** Each field that was wrong, where a request was; else empty. */
  readonly fields: readonly FieldError[];

  constructor(
    code: ErrorCode,
    message: string,
    details: { ids?: ErrorIds; fields?: readonly FieldError[]; cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    Object.defineProperty(this, ERROR, { value: true });
    this.code = code;
    this.ids = details.ids ?? {};
    this.fields = details.fields ?? [];
  }

  static is(value: unknown): value is AssetmillError {
    return branded(value, ERROR);
  }
}

/** A request field that cannot be taken, named. */
export const invalidParameter = (field: string, message: string): AssetmillError =>
  new AssetmillError("INVALID_PARAMETER", `${field}: ${message}`, { ids: { field }, fields: [{ field, message }] });

/** Thrown by a handler: try this asset again, after a pause; FAILED only once the tries are used up. */
export class RetryableError extends Error {
  override readonly name = "RetryableError";

  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    Object.defineProperty(this, RETRYABLE, { value: true });
  }

  static is(value: unknown): value is RetryableError {
    return branded(value, RETRYABLE);
  }
}

/** Thrown by a handler: this asset is none of its business; SKIPPED `BY_HANDLER` with this reason. */
export class SkipAsset extends Error {
  override readonly name = "SkipAsset";

  constructor(reason: string) {
    super(reason);
    Object.defineProperty(this, SKIP, { value: true });
  }

  static is(value: unknown): value is SkipAsset {
    return branded(value, SKIP);
  }
}

/**
 * Thrown by a handler: FAILED with a code of the handler's own: 1 to 64 capitals, digits and `_`, a capital first, as in
 * `XML_NOT_WELL_FORMED`. With any other it is FAILED with `HANDLER_ERROR`, whose message says so.
 */
export class AssetFailure extends Error {
  override readonly name = "AssetFailure";
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    const sound = /^[A-Z][A-Z0-9_]{0,63}$/.test(code);
    super(sound ? message : `${message} (its code ${JSON.stringify(code)} is none)`, options);
    Object.defineProperty(this, FAILURE, { value: true });
    this.code = sound ? code : "HANDLER_ERROR";
  }

  static is(value: unknown): value is AssetFailure {
    return branded(value, FAILURE);
  }
}

/** True where an error says that the whole repository or store, not one asset, is out of reach: wait, blame nobody. */
export const isUnavailable = (error: unknown): boolean => AssetmillError.is(error) && error.code === "UNAVAILABLE";

/** What an unknown thrown value says, for people; never empty. */
export function messageOf(error: unknown): string {
  try {
    if (error instanceof Error && error.message !== "") return error.message;
    return String(error) || "no message";
  } catch {
    return "an error that cannot be shown";
  }
}
