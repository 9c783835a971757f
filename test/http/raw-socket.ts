import { connect, type Socket } from "node:net";

/** What is sent, in turn: text, or a pause in milliseconds. */
export type Sent = string | number;

/** How long a server may take to answer and hang up: longer than anything takes, so that a hang shows. */
const WITHIN_MS = 30_000;

/** Sends text as it is. Returns all that comes back until the server hangs up; it fails if that does not happen. */
export function exchange(origin: string, ...parts: readonly Sent[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = open(origin);
    const hang = setTimeout(() => {
      socket.destroy();
      reject(new Error(`still open after ${WITHIN_MS} ms; so far: ${answer}`));
    }, WITHIN_MS);
    socket.setEncoding("utf8").on("data", (data: string) => {
      answer += data;
    });
    socket.on("error", () => {}); // a reset shows in what is missing of the answer
    socket.on("close", () => {
      clearTimeout(hang);
      resolve(answer);
    });
    void send(socket, parts);
  });
}

/** Sends text, and hangs up without waiting for an answer. Resolves once the connection is closed. */
export async function abandon(origin: string, ...parts: readonly Sent[]): Promise<void> {
  const socket = open(origin).on("error", () => {});
  await send(socket, parts);
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.resetAndDestroy();
  await closed;
}

/** Sends text and reads nothing of what comes back. */
export async function ignore(origin: string, text: string): Promise<Socket> {
  const socket = open(origin).on("error", () => {});
  socket.pause();
  await send(socket, [text]);
  return socket;
}

function open(origin: string): Socket {
  const { hostname, port } = new URL(origin);
  return connect({ host: hostname, port: Number(port) });
}

async function send(socket: Socket, parts: readonly Sent[]): Promise<void> {
  for (const part of parts) {
    if (typeof part === "number") await new Promise((resolve) => setTimeout(resolve, part));
    else if (!socket.destroyed) await new Promise<void>((resolve) => socket.write(part, () => resolve()));
  }
}

/** One answer of a connection. */
export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly text: string;
}

/** Cuts what came back into answers, by status lines; chunked bodies keep their sizes. */
export const answersOf = (received: string): RawAnswer[] =>
  received.split(/(?=HTTP\/1\.1 \d{3} )/).map((answer) => {
    const [head = "", ...body] = answer.split("\r\n\r\n");
    return {
      status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]),
      head: head.toLowerCase(),
      text: body.join("\r\n\r\n"),
    };
  });
