import { setMaxListeners } from "node:events";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { Agent } from "undici";
import { AssetmillError, invalidParameter } from "../../../core/errors.js";
import { AdaptiveConcurrency, retryAfterMs } from "./client/adaptive-concurrency.js";
import { unavailable } from "./errors.js";
import { BrokenAnswer } from "./client/json-stream.js";
import type { ResolvedJcrOptions } from "./options.js";

export interface JcrRequest {
  readonly method: "GET" | "POST" | "PROPFIND" | "PROPPATCH";
  /** Relative to the server's base, encoded. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | (() => AsyncIterable<Uint8Array>);
  readonly signal?: AbortSignal | undefined;
  /** False: do not retry after a lost response. @defaultValue true */
  readonly repeatable?: boolean;
  /** True: a redirect is a response, unless it leads to a login. @defaultValue false: any redirect means that the user is rejected */
  readonly redirectsTell?: boolean;
}

export interface JcrAnswer {
  readonly status: number;
  header(name: string): string | undefined;
  /** Read it to its end, leave it by `break`, or discard it: otherwise its connection stays busy. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Reads at most so many characters of the body. */
  text(maxChars?: number): Promise<string>;
  discard(): Promise<void>;
}

/** Temporary failures: connections that fail or break, and responses that say "not now". */
const PASSING_CODES =
  /^(?:UND_ERR_(?:CONNECT_TIMEOUT|HEADERS_TIMEOUT|BODY_TIMEOUT|SOCKET|RES_CONTENT_LENGTH_MISMATCH)|E(?:CONN|HOST|NET|PIPE|AI_AGAIN|NOTFOUND|TIMEDOUT)\w*|EPIPE)$/;
const PASSING_STATUS: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const LOGIN_PAGE = /type\s*=\s*["']?password|j_security_check|j_password/i;
const MAX_ERROR_CHARS = 64 * 1024;
const CSRF_PAGE = "/libs/granite/csrf/token.json";

/** The server says that it cannot serve the request now. */
class NotNow extends Error {
  readonly pauseMs: number | undefined;

  constructor(status: number, pauseMs: number | undefined) {
    super(`it answered ${status}`);
    this.pauseMs = pauseMs;
  }
}

/** Sends all requests to one server: adds credentials, limits concurrency, applies timeouts, and retries. */
export class JcrClient {
  readonly #options: ResolvedJcrOptions;
  readonly #agent: Agent;
  readonly #concurrency: AdaptiveConcurrency;
  #csrf: string | undefined;
  #clockAheadMs = 0;
  #letIn = false;
  /** Requests sent, retries included. */
  requests = 0;

  constructor(options: ResolvedJcrOptions) {
    const { timeoutMs, connectTimeoutMs } = options;
    this.#options = options;
    this.#concurrency = new AdaptiveConcurrency(options.connections);
    this.#agent = new Agent({
      connect: { timeout: connectTimeoutMs },
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      keepAliveTimeout: 10_000,
    });
  }

  /** Epoch milliseconds by the server's clock, as its Date headers tell. */
  get serverNowMs(): number {
    return Date.now() + this.#clockAheadMs;
  }

  get concurrency(): AdaptiveConcurrency {
    return this.#concurrency;
  }

  /**
   * Sends a request and returns what `take` makes of the response, body included. After all tries throws UNAVAILABLE if the
   * server cannot be reached, cannot serve it now, or rejects a user whom it accepted before; INVALID_PARAMETER if it never
   * accepted the user; what `take` throws; the signal's reason.
   */
  send<T>(request: JcrRequest, take: (answer: JcrAnswer) => Promise<T>): Promise<T> {
    return this.#tried(request, () =>
      this.#concurrency.turn(async () => take(await this.#answer(request)), request.signal),
    );
  }

  /** Like `send`, for a body that is read at the caller's pace and takes no place among the concurrent requests. */
  open(request: JcrRequest): Promise<JcrAnswer> {
    return this.#tried(request, () => this.#concurrency.turn(() => this.#answer(request), request.signal));
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #tried<T>({ signal, repeatable = true }: JcrRequest, once: () => Promise<T>): Promise<T> {
    // Hundreds of requests share a signal: that is no leak.
    if (signal) setMaxListeners(0, signal);
    for (let attempt = 1; ; attempt++) {
      try {
        return await once();
      } catch (error) {
        if (signal?.aborted || !isPassing(error)) throw error;
        if (attempt >= (repeatable ? this.#options.tries : 1)) throw this.unreachable(error);
        const pauseMs =
          (error instanceof NotNow ? error.pauseMs : undefined) ?? 250 * 2 ** attempt * (0.5 + Math.random() / 2);
        await sleep(pauseMs, undefined, signal ? { signal } : {});
      }
    }
  }

  /** Converts a connection's error to UNAVAILABLE, with the reason. */
  unreachable(error: unknown): AssetmillError {
    if (AssetmillError.is(error)) return error;
    const why =
      error instanceof NotNow || error instanceof BrokenAnswer ? error.message : codeOf(error) || "no response";
    return unavailable(`the JCR server ${this.#options.origin} is unavailable: ${why}`, error);
  }

  async #answer(request: JcrRequest): Promise<JcrAnswer> {
    const answer = await this.#once(request);
    const { status } = answer;
    if (PASSING_STATUS.has(status)) {
      const pauseMs = retryAfterMs(answer.header("retry-after"));
      await answer.discard();
      this.#concurrency.refused(pauseMs ?? 500);
      throw new NotNow(status, pauseMs);
    }
    const leadsAway =
      REDIRECTS.has(status) && !(request.redirectsTell && !/login/i.test(answer.header("location") ?? ""));
    if (status === 401 || leadsAway) {
      await answer.discard();
      throw this.#notLetIn(leadsAway ? `${status}, to ${answer.header("location") ?? "nowhere"}` : `${status}`);
    }
    if (status === 200 && isPage(answer)) return this.#unlessLogin(answer);
    this.#letIn ||= status < 300;
    // AEM requires a CSRF token with a POST; without one it answers 403 and names no exception.
    if (status === 403 && request.method !== "GET" && this.#csrf === undefined) {
      const body = await answer.text(MAX_ERROR_CHARS);
      if (!body.includes("dcr:class") && (await this.#fetchCsrf(request.signal))) return this.#once(request);
      return { ...answer, text: async () => body, discard: async () => {} };
    }
    return answer;
  }

  /** Some servers answer unknown users with status 200 and a login page. */
  async #unlessLogin(answer: JcrAnswer): Promise<JcrAnswer> {
    const body = await answer.text(MAX_ERROR_CHARS);
    await answer.discard();
    if (LOGIN_PAGE.test(body)) throw this.#notLetIn("200, a login page");
    const page = async function* () {
      yield Buffer.from(body);
    };
    return { ...answer, body: page(), text: async () => body, discard: async () => {} };
  }

  #notLetIn(answered: string): AssetmillError {
    const { origin, authorization } = this.#options;
    const credentials = authorization === undefined ? "give credentials" : "check the credentials";
    const message = `the JCR server ${origin} rejected this user (${answered}); ${credentials}`;
    return this.#letIn ? unavailable(message) : invalidParameter("assets", message);
  }

  async #fetchCsrf(signal: AbortSignal | undefined): Promise<boolean> {
    const answer = await this.#once({ method: "GET", path: CSRF_PAGE, signal });
    if (answer.status !== 200) {
      await answer.discard();
      this.#csrf = "";
      return false;
    }
    const token = /"token"\s*:\s*"([^"]*)"/.exec(await answer.text(MAX_ERROR_CHARS))?.[1] ?? "";
    this.#csrf = token;
    return token !== "";
  }

  async #once({ method, path, headers, body, signal }: JcrRequest): Promise<JcrAnswer> {
    const { origin, base, authorization } = this.#options;
    const sentMs = performance.now();
    this.requests++;
    const response = await this.#agent.request({
      origin,
      path: `${base}${path}`,
      method,
      headers: {
        // Oak refuses any form without a Referer of its own origin.
        Referer: `${origin}/`,
        "User-Agent": "assetmill",
        ...(authorization === undefined ? {} : { Authorization: authorization }),
        ...(this.#csrf ? { "CSRF-Token": this.#csrf } : {}),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === "function" ? Readable.from(body(), { objectMode: false }) : body }),
      ...(signal ? { signal } : {}),
    });
    this.#concurrency.answered(performance.now() - sentMs);
    const date = Date.parse(first(response.headers.date) ?? "");
    if (!Number.isNaN(date)) this.#clockAheadMs = Math.abs(date - Date.now()) < 1_500 ? 0 : date - Date.now();
    return {
      status: response.statusCode,
      header: (name) => first(response.headers[name]),
      body: response.body,
      text: (maxChars = Number.POSITIVE_INFINITY) => textOf(response.body, maxChars),
      discard: () => response.body.dump({ limit: 256 * 1024 }),
    };
  }
}

/** Returns whether the response is an HTML page, which no JCR server returns for our requests. */
export const isPage = (answer: JcrAnswer): boolean => /^text\/html/i.test(answer.header("content-type") ?? "");

const first = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header[0] : header;

async function textOf(body: AsyncIterable<Uint8Array>, maxChars: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const piece of body) {
    text += decoder.decode(piece, { stream: true });
    if (text.length > maxChars) return text.slice(0, maxChars);
  }
  return text + decoder.decode();
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "";
}

const isPassing = (error: unknown): boolean =>
  error instanceof NotNow || error instanceof BrokenAnswer || PASSING_CODES.test(codeOf(error));
