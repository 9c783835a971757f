import type { z } from "zod";
import { AssetmillError, type ErrorCode, messageOf } from "../core/errors.js";
import { problemSchema } from "../http/index.js";

/** Longer than the server's own request timeout (30 s), so that its error arrives. */
const RESPONSE_TIMEOUT_MS = 35_000;

/** One request to the API. */
export interface Call<T> {
  readonly method: "GET" | "POST";
  /** Relative to the API's URL, e.g. `/status`. */
  readonly path: string;
  /** Undefined values are omitted. */
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  readonly answer: z.ZodType<T>;
}

/** A server's API and the credentials to call it with. */
export interface ServerEndpoint {
  /** The API's URL, without a trailing slash. */
  readonly url: string;
  /** Value of the Authorization header. */
  readonly authorization?: string;
  /** @defaultValue 35 s */
  readonly timeoutMs?: number;
}

/**
 * Calls a server's API. Throws the server's own error from its problem body, or UNAVAILABLE if no response arrives in time or
 * the response is not assetmill's. No error contains the token.
 */
export async function callServer<T>(endpoint: ServerEndpoint, call: Call<T>): Promise<T> {
  const { status, type, body } = await exchange(endpoint, call);
  if (status !== 200) throw refusalOf(endpoint, status, type, body);
  const parsed = call.answer.safeParse(body);
  if (!parsed.success) throw notAssetmill(endpoint.url, status, type);
  // The body as received, not as parsed: fields of a newer server are kept, in the server's order.
  return body as T;
}

interface Exchanged {
  readonly status: number;
  readonly type: string;
  /** Undefined if it is not JSON. */
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
      // Never send the credentials anywhere else.
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
  // Repeating a GET is always safe; a POST may have taken effect.
  const doubt =
    method === "GET" || /ECONNREFUSED|ENOTFOUND/.test(why) ? "" : "; the request may still have taken effect";
  return new AssetmillError("UNAVAILABLE", `server: ${url}: ${why}${doubt}`, { cause: error });
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there (ECONNREFUSED)",
  ENOTFOUND: "unknown host (ENOTFOUND)",
  EAI_AGAIN: "the host name cannot be resolved now (EAI_AGAIN)",
  ECONNRESET: "the connection was closed (ECONNRESET)",
  UND_ERR_SOCKET: "the connection was closed (UND_ERR_SOCKET)",
  ERR_SSL_WRONG_VERSION_NUMBER: "the server does not use TLS; try http instead of https (ERR_SSL_WRONG_VERSION_NUMBER)",
  UND_ERR_CONNECT_TIMEOUT: "connecting timed out (UND_ERR_CONNECT_TIMEOUT)",
};

/** Returns why `fetch` failed: its error only says that it did, the cause says why. */
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
  if (type !== "application/problem+json" || !problem.success) return notAssetmill(url, status, type);
  const { code, detail, processingId, jobStatus, path, errors = [] } = problem.data;
  // A problem of type about:blank concerns the endpoint, not the request.
  if (problem.data.type === "about:blank") {
    return new AssetmillError("UNAVAILABLE", `server: ${url}: ${detail}; check the path of --server`);
  }
  return new AssetmillError(
    code as ErrorCode,
    code === "UNAUTHENTICATED" ? unauthenticated(url, authorization) : detail,
    {
      ids: {
        ...(processingId === undefined ? {} : { jobId: processingId }),
        ...(jobStatus === undefined ? {} : { status: jobStatus }),
        ...(path === undefined ? {} : { path }),
      },
      fields: errors,
    },
  );
}

const unauthenticated = (url: string, authorization: string | undefined): string =>
  authorization === undefined
    ? `${url} requires authentication: give --token, or set ASSETMILL_TOKEN`
    : `${url} rejected this token`;

const notAssetmill = (url: string, status: number, type: string): AssetmillError =>
  new AssetmillError(
    "UNAVAILABLE",
    `server: ${url} does not answer like an assetmill server (status ${status}, ${type === "" ? "no media type" : type}); ` +
      "give its origin, or the full URL of its API",
  );
