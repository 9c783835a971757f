import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** How long a client may leave a response unread. */
export const UNREAD_TIMEOUT_MS = 60_000;

/** How often in that time it is looked whether the client has taken anything. */
const LOOKS = 8;

/**
 * Closes the connection of a client that takes nothing of its response for `timeoutMs` or an eighth more, so that it cannot
 * hold on for ever to what the response is made from. A response that has nothing to send for a while is fine. So is slow
 * reading, as long as the system's send buffer has room for more within that time: a client that reads a few kilobytes a
 * second looks as if it read nothing.
 */
export function endIfUnread(response: ServerResponse, timeoutMs: number): void {
  const { socket } = response.req;
  let taken = takenOf(socket);
  let sinceMs = performance.now();
  const timer = setInterval(() => {
    const now = takenOf(socket);
    const isWaiting = response.writableLength > 0 || socket.writableLength > 0;
    if (!isWaiting || now !== taken) {
      taken = now;
      sinceMs = performance.now();
    } else if (performance.now() - sinceMs >= timeoutMs) socket.destroy();
  }, timeoutMs / LOOKS).unref();
  response.once("close", () => clearInterval(timer));
}

/** Changes whenever the system takes bytes to send. Of a write under way, only the socket's handle says how much is left. */
function takenOf(socket: Socket): string {
  const { _handle: handle } = socket as unknown as { readonly _handle?: { readonly writeQueueSize?: number } | null };
  return `${socket.bytesWritten - socket.writableLength} ${handle?.writeQueueSize}`;
}
