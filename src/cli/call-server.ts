import type { z } from "zod";
import { AssetmillError, type ErrorCode, messageOf } from "../core/errors.js";
import { problemSchema } from "../http/index.js";

/** More than a server takes to give up by itself (30 s), so that what it says then is heard. */
const RESPONSE_TIMEOUT_MS = 35_000;

export interface Call<T> {
  readonly method: "GET" | "POST";
  /** Below the API's URL, e.g. `/status`. */
  readonly path: string;
  /** What is undefined is left out. */
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  readonly answer: z.ZodType<T>;
}

/** Where to call, and as whom. */
export interface ServerEndpoint {
  /** The API's URL, without a trailing slash. */
  readonly url: string;
  /** The whole Authorization header. */
  readonly authorization?: string;
  /** @defaultValue 35 s */
  readonly timeoutMs?: number;
}

/**
 * One call of a server's API. Errors: the server's own, from its problem body; UNAVAILABLE where none comes in time or
 * what comes is not assetmill's. None of them holds the token.
 */
export async function callServer<T>(endpoint: ServerEndpoint, call: Call<T>): Promise<T> {
  const { status, type, body } = await exchange(endpoint, call);
  if (status !== 200) throw refusalOf(endpoint, status, type, body);
  const parsed = call.answer.safeParse(body);
  if (!parsed.success) throw notOurs(endpoint.url, status, type);
  // Not what the schema makes of it: a newer server's further fields are shown, too, and in its order.
  return body as T;
}

interface Exchanged {
  readonly status: number;
  readonly type: string;
  /** Undefined where it is no JSON. */
  readonly body: unknown;
}

async function exchange(
  endpoint: ServerEndpoint,
  { method, path, query = {}, body }: Call<unknown>,
): Promise<Exchanged> {
  const { url, authorization, timeoutMs = RESPONSE_TIMEOUT_MS } = endpoint;
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) asked.set(name, String(value));
  try {
    const response = await fetch(`${url}${path}${asked.size > 0 ? `?${asked.toString()}` : ""}`, {
      method,
      headers: {
        accept: "application/json",
        ...(authorization === undefined ? {} : { authorization }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      // The credentials are for this server alone.
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    });
    const type = (response.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
    return { status: response.status, type, body: parsed(await response.text()) };
  } catch (error) {
    throw unreachable(endpoint, method, error);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unreachable(
  { url, timeoutMs = RESPONSE_TIMEOUT_MS }: ServerEndpoint,
  method: string,
  error: unknown,
): AssetmillError {
  const late = error instanceof Error && error.name === "TimeoutError";
  const why = late ? `no answer within ${timeoutMs / 1000} s` : reasonOf(error);
  // A request that only asks can be repeated without a thought; one that changes something cannot.
  const doubt = method === "GET" || /ECONNREFUSED|ENOTFOUND/.test(why) ? "" : "; it may have done what was asked";
  return new AssetmillError("UNAVAILABLE", `server: ${url}: ${why}${doubt}`, { cause: error });
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there (ECONNREFUSED)",
  ENOTFOUND: "its host is not known (ENOTFOUND)",
  EAI_AGAIN: "its host cannot be looked up now (EAI_AGAIN)",
  ECONNRESET: "the connection was cut (ECONNRESET)",
  UND_ERR_SOCKET: "the connection was cut (UND_ERR_SOCKET)",
  ERR_SSL_WRONG_VERSION_NUMBER: "it does not speak TLS; http instead of https? (ERR_SSL_WRONG_VERSION_NUMBER)",
  UND_ERR_CONNECT_TIMEOUT: "no connection in time (UND_ERR_CONNECT_TIMEOUT)",
};

/** `fetch` says only that it failed; its cause says why. */
function reasonOf(error: unknown): string {
  const cause: unknown = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const code = (cause as { code?: unknown } | null)?.code;
  if (typeof code !== "string") return messageOf(cause);
  return REASONS[code] ?? `${messageOf(cause).replaceAll(/\s+/g, " ").trim()} (${code})`;
}

function refusalOf(
  { url, authorization }: ServerEndpoint,
  status: number,
  type: string,
  body: unknown,
): AssetmillError {
  const problem = problemSchema.safeParse(body);
  if (type !== "application/problem+json" || !problem.success) return notOurs(url, status, type);
  const { code, detail, processingId, jobStatus, path, errors = [] } = problem.data;
  // A problem without a type of its own is about the endpoint, not about what was asked of it.
  if (problem.data.type === "about:blank") {
    return new AssetmillError("UNAVAILABLE", `server: ${url}: ${detail}; is its path right?`);
  }
  return new AssetmillError(code as ErrorCode, code === "UNAUTHENTICATED" ? wanting(url, authorization) : detail, {
    ids: {
      ...(processingId === undefined ? {} : { jobId: processingId }),
      ...(jobStatus === undefined ? {} : { status: jobStatus }),
      ...(path === undefined ? {} : { path }),
    },
    fields: errors,
  });
}

const wanting = (url: string, authorization: string | undefined): string =>
  authorization === undefined
    ? `${url} wants to know who calls: give --token, or set ASSETMILL_TOKEN`
    : `${url} does not take this token`;

const notOurs = (url: string, status: number, type: string): AssetmillError =>
  new AssetmillError(
    "UNAVAILABLE",
    `server: ${url} does not answer as assetmill does (status ${status}, ${type === "" ? "no media type" : type}); ` +
      "name its origin, or the whole URL of its API",
  );
