import type { ServerResponse } from "node:http";

/** How long a client may leave a response unread. */
export const UNREAD_TIMEOUT_MS = 60_000;

/**
 * Closes the connection of a client that takes nothing of its response for `timeoutMs`, so that it cannot hold on for ever
 * to what the response is made from. Slow reading is fine, and so is a response that has nothing to send for a while.
 */
export function endIfUnread(response: ServerResponse, timeoutMs: number): void {
  const { socket } = response.req;
  const before = response.socket?.timeout ?? 0;
  // Node restarts this timeout whenever bytes arrive or are written, and whenever the client's side takes some of them.
  response.setTimeout(timeoutMs, () => {
    if (response.writableLength > 0 || socket.writableLength > 0) socket.destroy();
  });
  // The connection may go on to serve requests of the host. Prepended: Node's own listener begins the keep-alive timeout.
  response.prependOnceListener("finish", () => socket.setTimeout(before));
}
