import type { IncomingMessage, ServerResponse } from "node:http";
import { getRequestListener, type HttpBindings, RequestError } from "@hono/node-server";
import { invalidParameter } from "../core/errors.js";
import { type NodeListenerOptions, resolveListenerOptions } from "./listener-options.js";
import { plainProblem, problemResponse } from "./problems.js";
import { endIfUnread } from "./unread-response.js";

/** A function from Request to Response. `bindings` give it the socket, for the remote address. */
export type Fetch = (request: Request, bindings?: HttpBindings) => Response | Promise<Response>;

export type NodeListener = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** A request with what frameworks add to it. */
type HostRequest = IncomingMessage & { baseUrl?: unknown; body?: unknown; rawBody?: unknown };

/**
 * Adapts `fetch` to `node:http`, Express (4 and 5), Connect, and Fastify's raw request and response.
 *
 * Prefixes: routes match the path that the client requested. Express strips the prefix of `app.use("/tools",
 * listener)`; this listener restores it, so set `basePath` to `/tools/bin/guides/v1/assets/process`.
 *
 * Bodies: mount it before any body parser if you can. After one, it reads the parser's `rawBody` (a Buffer), or else
 * its `body`: strings and Buffers unchanged, objects serialized as JSON or as a form according to the Content-Type. The
 * parser then reports JSON errors, and its size limit applies in addition to ours.
 *
 * Fastify: call `reply.hijack()` first. Its parser consumes the body, so either pass it on (`request.raw.body =
 * request.body`) or register a parser in that scope that leaves the stream alone.
 *
 * The host's server decides what never becomes a request: it answers malformed HTTP, headers that are too large (Node
 * takes 16 KiB, URL included, unless `maxHeaderSize` says more) and clients that are too slow. `listen` does all that
 * for you.
 *
 * It answers every request that it is given, so mount it behind the host's own routes. Throws INVALID_PARAMETER for an
 * invalid option.
 */
export function nodeListener(
  fetch: Fetch,
  onError: (error: unknown) => void = () => {},
  options: NodeListenerOptions = {},
): NodeListener {
  const { unreadTimeoutMs } = resolveListenerOptions(options);
  // Not the library's createAdaptorServer: it does not let us choose the response if no Request can be built.
  const listener = getRequestListener(
    (request, bindings) => {
      const { incoming } = bindings as HttpBindings;
      return refusalOf(incoming) ?? fetch(request, bindings as HttpBindings);
    },
    {
      overrideGlobalObjects: false,
      hostname: "localhost", // for requests without a Host header, which HTTP/1.0 allows
      errorHandler: (error) => brokenRequest(error, onError),
    },
  );
  return async (request, response) => {
    restore(request);
    endIfUnread(response, unreadTimeoutMs);
    await listener(request, response);
  };
}

/** The longest URL: a path of 4,096 bytes, percent-encoded, leaves room for the rest. */
const MAX_URL_CHARACTERS = 16 * 1024;

/** Returns the problem for a URL that is too long, and for an HTTP/1.1 request without exactly one Host (RFC 9112, 3.2). */
function refusalOf({ url = "", httpVersion, rawHeaders }: IncomingMessage): Response | undefined {
  if (url.length > MAX_URL_CHARACTERS)
    return plainProblem(414, `the URL is longer than ${MAX_URL_CHARACTERS} characters`);
  const hosts = rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === "host").length;
  if (hosts > 1) throw invalidParameter("Host", "must be given once");
  if (hosts === 0 && httpVersion === "1.1") throw invalidParameter("Host", "is required");
  return undefined;
}

/** Restores what a framework stripped or consumed. Changing the request is safe: no handler of the host runs after us. */
function restore(request: HostRequest): void {
  const { baseUrl, rawBody, body } = request;
  if (typeof baseUrl === "string" && baseUrl !== "") request.url = `${baseUrl}${request.url ?? "/"}`;
  if (request.readableDidRead && !(rawBody instanceof Buffer)) {
    request.rawBody = bytesOf(body, request.headers["content-type"] ?? "");
  }
}

function bytesOf(body: unknown, contentType: string): Buffer {
  if (body === undefined || body === null) return Buffer.alloc(0);
  if (Buffer.isBuffer(body)) return body;
  if (typeof body === "string") return Buffer.from(body);
  if (/^application\/x-www-form-urlencoded\b/i.test(contentType)) return Buffer.from(formOf(body));
  return Buffer.from(JSON.stringify(body));
}

/** Serializes a form. A name with several values is repeated; nested values, which a plain form cannot have, become empty. */
const formOf = (body: unknown): string =>
  new URLSearchParams(
    Object.entries(body as object).flatMap(([name, value]: [string, unknown]) =>
      [value].flat().map((each): [string, string] => [name, typeof each === "string" ? each : ""]),
    ),
  ).toString();

/** Returns the problem for an error outside the app: its own, or a request of which no Request can be made. */
const brokenRequest = (error: unknown, onError: (error: unknown) => void): Response =>
  problemResponse(
    error instanceof RequestError ? invalidParameter("request", "its target or Host header is malformed") : error,
    { statusCodes: "documented", challenges: [], onError },
  );
