import type { z } from "@hono/zod-openapi";
import { AssetmillError, type RequestErrorCode } from "../core/errors.js";
import { ExplainedFault } from "./explained-fault.js";
import type { ResolvedHttpOptions, StatusCodes } from "./options.js";
import { PLAIN } from "./problem-codes.js";
import type { problemSchema } from "./representations.js";
import { withSecurityHeaders } from "./security-headers.js";
import { TooManyRequests } from "./too-many-requests.js";

interface Row extends Readonly<Record<StatusCodes, number>> {
  readonly title: string;
  /** Replaces the error's own message, which may name files, hosts or SQL; the error itself goes to `onError`. */
  readonly hidden?: string;
}

/**
 * Title and status of each code. "documented" uses only the statuses of the published API, and those that concern the
 * connection rather than the request: 408 and 429.
 */
const PROBLEMS: Readonly<Record<RequestErrorCode, Row>> = Object.freeze({
  INVALID_JSON: { title: "The body is not valid JSON", documented: 400, semantic: 400 },
  INVALID_PARAMETER: { title: "A parameter is invalid", documented: 400, semantic: 400 },
  UNKNOWN_FIELD: { title: "A field is unknown", documented: 400, semantic: 400 },
  UNKNOWN_TYPE: { title: "The job type is unknown", documented: 400, semantic: 400 },
  PATH_NOT_FOUND: { title: "The path does not exist in the repository", documented: 400, semantic: 400 },
  PATH_BUSY: { title: "An active job holds the path", documented: 400, semantic: 409 },
  JOB_NOT_FOUND: { title: "The job does not exist", documented: 400, semantic: 404 },
  ILLEGAL_STATE: { title: "The job's status does not allow this", documented: 400, semantic: 409 },
  IDEMPOTENCY_CONFLICT: { title: "The key was used for another request", documented: 400, semantic: 409 },
  UNAUTHENTICATED: { title: "Authentication is required", documented: 401, semantic: 401 },
  FORBIDDEN: { title: "The caller may not do this", documented: 401, semantic: 403 },
  TOO_LARGE: { title: "The body is too large", documented: 400, semantic: 413 },
  UNSUPPORTED_MEDIA_TYPE: { title: "The body's media type is not supported", documented: 400, semantic: 415 },
  REQUEST_TIMEOUT: { title: "The request took too long to arrive", documented: 408, semantic: 408 },
  RATE_LIMITED: { title: "Too many requests", documented: 429, semantic: 429 },
  TOO_MANY_JOBS: { title: "Too many jobs are active", documented: 429, semantic: 429 },
  UNAVAILABLE: {
    title: "Temporarily unavailable",
    documented: 500,
    semantic: 503,
    hidden: "The repository or the job store did not respond in time. Try again later.",
  },
  INTERNAL: {
    title: "Internal error",
    documented: 500,
    semantic: 500,
    hidden: "The server failed unexpectedly. See its log for details.",
  },
});

type Problem = z.infer<typeof problemSchema>;

export type ProblemOptions = Pick<ResolvedHttpOptions, "statusCodes" | "onError"> & {
  /** Values of `WWW-Authenticate`, sent with a 401. */
  readonly challenges: readonly string[];
};

/** Converts an error to a problem response; the only place that does. Stacks, file names and SQL never get into it. */
export function problemResponse(thrown: unknown, options: ProblemOptions): Response {
  const error = onTheWire(thrown);
  const { code, ids, fields } = error;
  const { title, hidden, [options.statusCodes]: status } = PROBLEMS[code];
  if (hidden !== undefined) notify(options.onError, thrown);
  const headers = new Headers();
  if (status === 401) for (const challenge of options.challenges) headers.append("WWW-Authenticate", challenge);
  if (status === 429) headers.set("Retry-After", retryAfterSeconds(thrown));
  const problem: Problem = {
    type: `urn:assetmill:problem:${code.toLowerCase().replaceAll("_", "-")}`,
    title,
    status,
    detail: thrown instanceof ExplainedFault ? thrown.told : (hidden ?? error.message),
    code,
    ...(ids.jobId === undefined ? {} : { processingId: ids.jobId }),
    ...(ids.path === undefined || hidden !== undefined ? {} : { path: ids.path }),
    ...(ids.status === undefined ? {} : { jobStatus: ids.status as Problem["jobStatus"] }),
    ...(fields.length === 0 || hidden !== undefined
      ? {}
      : { errors: fields.map(({ field, message }) => ({ field, message })) }),
  };
  return respond(problem, headers);
}

/**
 * Returns the problem for an unknown endpoint, method or expectation, or for a request that is too large to be parsed.
 * PATH_NOT_FOUND is only for paths in the repository.
 */
export const plainProblem = (
  status: keyof typeof PLAIN,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): Response => respond({ type: "about:blank", status, detail, ...PLAIN[status] }, new Headers(headers));

function respond(problem: Problem, headers: Headers): Response {
  headers.set("Content-Type", "application/problem+json");
  return withSecurityHeaders(new Response(JSON.stringify(problem), { status: problem.status, headers }));
}

type WireError = Pick<AssetmillError, "message" | "ids" | "fields"> & { readonly code: RequestErrorCode };

const isOnTheWire = (error: AssetmillError): error is AssetmillError & WireError => Object.hasOwn(PROBLEMS, error.code);

const onTheWire = (thrown: unknown): WireError =>
  AssetmillError.is(thrown) && isOnTheWire(thrown) ? thrown : { code: "INTERNAL", message: "", ids: {}, fields: [] };

/** Whole seconds, as the header requires; never 0, which would make clients retry at once. */
const retryAfterSeconds = (thrown: unknown): string =>
  String(thrown instanceof TooManyRequests ? Math.max(1, Math.ceil(thrown.retryAfterMs / 1000)) : 1);

/** Returns an `onError` that reports each error object once: an outage is one error, however many requests meet it. */
export function onceEach(onError: (error: unknown) => void): (error: unknown) => void {
  const reported = new WeakSet<object>();
  return (error) => {
    if (typeof error === "object" && error !== null) {
      if (reported.has(error)) return;
      reported.add(error);
    }
    onError(error);
  };
}

/** Calls `onError`. If it throws, the response is still sent. */
export function notify(onError: (error: unknown) => void, error: unknown): void {
  try {
    onError(error);
  } catch {
    // There is nowhere else to report it.
  }
}
