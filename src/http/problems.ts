import type { z } from "@hono/zod-openapi";
import { AssetmillError, type ErrorCode } from "../core/errors.js";
import type { ResolvedHttpOptions, StatusCodes } from "./options.js";
import type { problemSchema } from "./representations.js";
import { withSecurityHeaders } from "./security-headers.js";
import { TooManyRequests } from "./too-many-requests.js";

/** The codes that callers see. The others are about single assets; one that gets here is a fault of ours. */
type WireCode = Exclude<ErrorCode, "GONE" | "ACCESS_DENIED" | "READ_FAILED" | "WRITE_FAILED">;

interface Row extends Readonly<Record<StatusCodes, number>> {
  readonly title: string;
  /** Said instead of the error's own message, which may name files, hosts or SQL; the error goes to `onError`. */
  readonly hidden?: string;
}

/** What each code is on the wire. "documented" keeps to the statuses of the published pages. */
export const PROBLEMS: Readonly<Record<WireCode, Row>> = Object.freeze({
  INVALID_JSON: { title: "The body is not JSON", documented: 400, semantic: 400 },
  INVALID_PARAMETER: { title: "A parameter cannot be taken", documented: 400, semantic: 400 },
  UNKNOWN_FIELD: { title: "A field is not known", documented: 400, semantic: 400 },
  UNKNOWN_TYPE: { title: "The job type is not known", documented: 400, semantic: 400 },
  PATH_NOT_FOUND: { title: "The path is not in the repository", documented: 400, semantic: 400 },
  PATH_BUSY: { title: "An active job holds the path", documented: 400, semantic: 409 },
  JOB_NOT_FOUND: { title: "The job is not known", documented: 400, semantic: 404 },
  ILLEGAL_STATE: { title: "The job's status does not allow this", documented: 400, semantic: 409 },
  IDEMPOTENCY_CONFLICT: { title: "The key was used for another request", documented: 400, semantic: 409 },
  UNAUTHENTICATED: { title: "Who is calling?", documented: 401, semantic: 401 },
  FORBIDDEN: { title: "The caller may not do this", documented: 401, semantic: 403 },
  TOO_LARGE: { title: "The body is too large", documented: 400, semantic: 413 },
  UNSUPPORTED_MEDIA_TYPE: { title: "The body has to be JSON", documented: 400, semantic: 415 },
  RATE_LIMITED: { title: "Too many requests", documented: 429, semantic: 429 },
  UNAVAILABLE: {
    title: "Not available now",
    documented: 500,
    semantic: 503,
    hidden: "The repository or the job store gave no answer in time; try again later.",
  },
  INTERNAL: {
    title: "Internal error",
    documented: 500,
    semantic: 500,
    hidden: "Something went wrong inside the server; its log says what.",
  },
});

type Problem = z.infer<typeof problemSchema>;

export type ProblemOptions = Pick<ResolvedHttpOptions, "statusCodes" | "onError"> & {
  /** Sent with a 401. */
  readonly challenges: readonly string[];
};

/** The one place where an error becomes a response. Stacks, server files and SQL never get into it. */
export function problemResponse(thrown: unknown, options: ProblemOptions): Response {
  const error = onTheWire(thrown);
  const { code, ids, fields } = error;
  const { title, hidden, [options.statusCodes]: status } = PROBLEMS[code];
  if (hidden !== undefined) notify(options.onError, thrown);
  const headers = new Headers();
  if (status === 401) for (const challenge of options.challenges) headers.append("WWW-Authenticate", challenge);
  if (code === "RATE_LIMITED") headers.set("Retry-After", retryAfterSeconds(thrown));
  const problem: Problem = {
    type: `urn:assetmill:problem:${code.toLowerCase().replaceAll("_", "-")}`,
    title,
    status,
    detail: hidden ?? error.message,
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
 * No such endpoint, or not with this method: `about:blank`, as the status says it all (RFC 9457, 4.2.1).
 * `code` is INVALID_PARAMETER, for what is wrong is the request; PATH_NOT_FOUND is about paths in the repository.
 */
export function routingProblem(status: 404 | 405, detail: string, allow: readonly string[] = []): Response {
  const headers = new Headers(status === 405 ? { Allow: allow.join(", ") } : {});
  const title = status === 404 ? "Not Found" : "Method Not Allowed";
  return respond({ type: "about:blank", title, status, detail, code: "INVALID_PARAMETER" }, headers);
}

function respond(problem: Problem, headers: Headers): Response {
  headers.set("Content-Type", "application/problem+json");
  return withSecurityHeaders(new Response(JSON.stringify(problem), { status: problem.status, headers }));
}

type WireError = Pick<AssetmillError, "message" | "ids" | "fields"> & { readonly code: WireCode };

const isOnTheWire = (error: AssetmillError): error is AssetmillError & WireError => Object.hasOwn(PROBLEMS, error.code);

const onTheWire = (thrown: unknown): WireError =>
  AssetmillError.is(thrown) && isOnTheWire(thrown) ? thrown : { code: "INTERNAL", message: "", ids: {}, fields: [] };

/** Whole seconds, as the header has it; never 0, which would invite the caller to hammer. */
const retryAfterSeconds = (thrown: unknown): string =>
  String(thrown instanceof TooManyRequests ? Math.max(1, Math.ceil(thrown.retryAfterMs / 1000)) : 1);

/** A logger that fails does not take the answer with it. */
export function notify(onError: (error: unknown) => void, error: unknown): void {
  try {
    onError(error);
  } catch {
    // Nobody is left to be told.
  }
}
