import type { IncomingMessage, ServerResponse } from "node:http";
import { getRequestListener, type HttpBindings, RequestError } from "@hono/node-server";
import { invalidParameter } from "../core/errors.js";
import { problemResponse } from "./problems.js";

/** A function from Request to Response. `bindings` give it the socket, for the remote address. */
export type Fetch = (request: Request, bindings?: HttpBindings) => Response | Promise<Response>;

export type NodeListener = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** A request with what frameworks add to it. */
type HostRequest = IncomingMessage & { baseUrl?: unknown; body?: unknown; rawBody?: unknown };

/**
 * Adapts `fetch` to `node:http`, Express (4 and 5), Connect, and Fastify's raw request and response.
 *
 * Prefixes: routes match the path that the client requested. Express strips the prefix of `app.use("/tools", listener)`;
 * this listener restores it, so set `basePath` to `/tools/bin/guides/v1/assets/process`.
 *
 * Bodies: mount it before any body parser if you can. After one, it reads the parser's `rawBody` (a Buffer), or else its
 * `body`: strings and Buffers unchanged, objects serialized as JSON or as a form according to the Content-Type. The parser
 * then reports JSON errors, and its size limit applies in addition to ours.
 *
 * Fastify: call `reply.hijack()` first. Its parser consumes the body, so either pass it on (`request.raw.body =
 * request.body`) or register a parser in that scope that leaves the stream alone.
 */
export function nodeListener(fetch: Fetch, onError: (error: unknown) => void = () => {}): NodeListener {
  // Not the library's createAdaptorServer: it does not let us choose the response if no Request can be built.
  const listener = getRequestListener((request, bindings) => fetch(request, bindings as HttpBindings), {
    overrideGlobalObjects: false,
    errorHandler: (error) => answerBroken(error, onError),
  });
  return async (request, response) => {
    restore(request);
    await listener(request, response);
  };
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

const answerBroken = (error: unknown, onError: (error: unknown) => void): Response =>
  problemResponse(
    error instanceof RequestError ? invalidParameter("request", "its target or Host header is malformed") : error,
    { statusCodes: "documented", challenges: [], onError },
  );
