/** Stable codes of errors about a request, as callers see them (CONTRACT.md). */
export const REQUEST_ERROR_CODES = [
  "INVALID_JSON",
  "INVALID_PARAMETER",
  "UNKNOWN_FIELD",
  "UNKNOWN_TYPE",
  "PATH_NOT_FOUND",
  "PATH_BUSY",
  "JOB_NOT_FOUND",
  "ILLEGAL_STATE",
  "IDEMPOTENCY_CONFLICT",
  "UNAUTHENTICATED",
  "FORBIDDEN",
  "TOO_LARGE",
  "UNSUPPORTED_MEDIA_TYPE",
  "REQUEST_TIMEOUT",
  "RATE_LIMITED",
  "TOO_MANY_JOBS",
  "UNAVAILABLE",
  "INTERNAL",
] as const;

export type RequestErrorCode = (typeof REQUEST_ERROR_CODES)[number];

/** Stable codes of errors about one asset. */
export const ASSET_ERROR_CODES = [
  "GONE",
  "ACCESS_DENIED",
  "READ_FAILED",
  "WRITE_FAILED",
  "ENCODING_INVALID",
  "ENCODING_UNKNOWN",
] as const;

export type ErrorCode = RequestErrorCode | (typeof ASSET_ERROR_CODES)[number];

/** Identifies what an error concerns. */
export interface ErrorIds {
  readonly jobId?: string;
  readonly path?: string;
  readonly status?: string;
  readonly field?: string;
}

/** One invalid field of a request. */
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
    // Reading a property of the thrown value failed: it is none of our errors.
    return false;
  }
}

/** Base class of every error that assetmill throws on purpose. */
export class AssetmillError extends Error {
  override readonly name: string = "AssetmillError";
  readonly code: ErrorCode;
  readonly ids: ErrorIds;
  /** All invalid fields of a request. Empty for other errors. */
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

/** Makes an INVALID_PARAMETER error that names the field. */
export const invalidParameter = (field: string, message: string): AssetmillError =>
  new AssetmillError("INVALID_PARAMETER", `${field}: ${message}`, { ids: { field }, fields: [{ field, message }] });

/** Thrown by a handler to have this asset retried after a pause. The asset is FAILED when all tries are used up. */
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

/** Thrown by a handler to skip this asset. If every handler skips it, it is SKIPPED `BY_HANDLER` with this reason. */
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

/** The form of the code of a failed or skipped asset. */
export const OUTCOME_CODE = /^[A-Z][A-Z0-9_]{0,63}$/;

/**
 * Thrown by a handler to fail this asset with a code of its own, such as `XML_NOT_WELL_FORMED`: 1 to 64 capital
 * letters, digits and `_`, starting with a letter. An invalid code is replaced by `HANDLER_ERROR`, and the message says
 * so.
 */
export class AssetFailure extends Error {
  override readonly name = "AssetFailure";
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    const sound = OUTCOME_CODE.test(code);
    super(sound ? message : `${message} (invalid code ${JSON.stringify(code)})`, options);
    Object.defineProperty(this, FAILURE, { value: true });
    this.code = sound ? code : "HANDLER_ERROR";
  }

  static is(value: unknown): value is AssetFailure {
    return branded(value, FAILURE);
  }
}

/**
 * Returns whether an error means that the repository or store as a whole is unreachable. Then wait; no asset is to
 * blame.
 */
export const isUnavailable = (error: unknown): boolean => AssetmillError.is(error) && error.code === "UNAVAILABLE";

/** Returns the message of any thrown value. Never empty, never throws. */
export function messageOf(error: unknown): string {
  try {
    if (error instanceof Error && error.message !== "") return error.message;
    return String(error) || "no message";
  } catch {
    return "an error that cannot be shown";
  }
}
