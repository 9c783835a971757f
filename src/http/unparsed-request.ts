import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { AssetmillError, invalidParameter } from "../core/errors.js";
import { plainProblem, problemResponse } from "./problems.js";

/** How long the client of a refused request may take to hang up. */
const LINGER_MS = 500;

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/**
 * Makes a server answer with a problem what Node's parser or its timeouts refuse, which Node itself answers without a body:
 * malformed requests, headers that are too large, clients that are too slow, unknown expectations, and CONNECT.
 */
export function answerUnparsed(server: Server): void {
  const latest = new WeakMap<Duplex, Exchange>();
  const refused = new WeakSet<Duplex>();
  server.on("request", (request, response) => latest.set(request.socket, { request, response }));
  server.on("checkExpectation", (_request, response: ServerResponse) => {
    void send(plainProblem(417, "the only expectation that is met is 100-continue"), response);
  });
  server.on("connect", (_request, socket: Duplex) => {
    socket.on("error", () => {});
    void hangUp(socket, plainProblem(405, "CONNECT is not allowed here", { Allow: "GET, HEAD, POST" }));
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (refused.has(socket)) return; // what still arrives of a refused request is refused again
    refused.add(socket);
    const exchange = latest.get(socket);
    const answer = (): void => void hangUp(socket, refusal(error));
    if (error.code === "ECONNRESET" || !socket.writable) socket.destroy();
    else if (!exchange || exchange.response.writableFinished) answerOrEnd(exchange, answer, socket);
    // The request that is being handled is the malformed one.
    else if (!exchange.request.complete) exchange.response.headersSent ? socket.destroy() : answer();
    // It came after sound ones, whose answers come first.
    else exchange.response.once("finish", answer);
  });
}

/** A request that was answered before it had arrived completely needs no second answer. */
function answerOrEnd(exchange: Exchange | undefined, answer: () => void, socket: Duplex): void {
  if (exchange && !exchange.request.complete) socket.destroy();
  else answer();
}

function refusal({ code }: NodeJS.ErrnoException): Response {
  switch (code) {
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return problem(new AssetmillError("REQUEST_TIMEOUT", "the request did not arrive in time"));
    case "HPE_HEADER_OVERFLOW":
      return plainProblem(431, "the URL and the headers together are too large");
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return plainProblem(413, "the extensions of the body's chunks are too large");
    default:
      return problem(invalidParameter("request", "is not valid HTTP"));
  }
}

const problem = (error: AssetmillError): Response =>
  problemResponse(error, { statusCodes: "documented", challenges: [], onError: () => {} });

async function send(answer: Response, response: ServerResponse): Promise<void> {
  const body = await answer.text();
  response.writeHead(answer.status, { ...Object.fromEntries(answer.headers), Connection: "close" }).end(body);
}

/** Writes the answer to the socket and closes it, once the client has hung up or after a moment. */
async function hangUp(socket: Duplex, answer: Response): Promise<void> {
  const body = Buffer.from(await answer.text());
  const headers = [
    ...answer.headers,
    ["date", new Date().toUTCString()],
    ["content-length", String(body.length)],
    ["connection", "close"],
  ].map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ""}\r\n${headers.join("")}\r\n`;
  // Closed at once, with bytes of the client unread, the connection would be reset, and the answer lost with it.
  const cut = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once("close", () => clearTimeout(cut));
  socket.end(Buffer.concat([Buffer.from(head, "latin1"), body]));
}
