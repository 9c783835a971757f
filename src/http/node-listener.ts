import type { IncomingMessage, ServerResponse } from "node:http";
import { getRequestListener, type HttpBindings, RequestError } from "@hono/node-server";
import { invalidParameter } from "../core/errors.js";
import { problemResponse } from "./problems.js";

/** A function from Request to Response; `bindings` lend it the socket, for the remote address. */
export type Fetch = (request: Request, bindings?: HttpBindings) => Response | Promise<Response>;

export type NodeListener = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** What frameworks add to a request. */
type HostRequest = IncomingMessage & { baseUrl?: unknown; body?: unknown; rawBody?: unknown };

/**
 * `fetch` for `node:http`, Express (4 and 5), Connect, and Fastify's raw request and response.
 *
 * Under a prefix: the path that counts is the one the client asked for. Express cuts the prefix of `app.use("/tools",
 * listener)` off, and this puts it back: give `basePath` as `/tools/bin/guides/v1/assets/process`.
 *
 * Bodies: best mounted before any body parser. Where one was there first, what it left in `rawBody` (a Buffer) is read;
 * else its `body`: text and Buffers as they are, objects written as JSON or as a form, by the Content-Type. Then errors
 * in the JSON are the parser's to report, and its limit counts beside ours.
 *
 * Fastify: `reply.hijack()` first; its parser keeps the body to itself, so either hand it on (`request.raw.body =
 * request.body`) or register a parser in that scope that leaves the stream alone.
 */
export function nodeListener(fetch: Fetch, onError: (error: unknown) => void = () => {}): NodeListener {
  // Not the library's own createAdaptorServer: it cannot be told what to answer where no Request can be made.
  const listener = getRequestListener((request, bindings) => fetch(request, bindings as HttpBindings), {
    overrideGlobalObjects: false,
    errorHandler: (error) => answerBroken(error, onError),
  });
  return async (request, response) => {
    restore(request);
    await listener(request, response);
  };
}

/** What a framework cut off or used up. It is ours by now: nothing of the host's comes after. */
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

/** Names with several values are given so often; what is nested was no plain form and stays unread. */
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
