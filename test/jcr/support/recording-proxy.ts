import { createServer, type IncomingHttpHeaders, request as forward } from "node:http";
import type { AddressInfo } from "node:net";

export interface Recorded {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/** Stands before a server: notes what it is asked, and where told keeps requests without an answer. */
export interface RecordingProxy {
  readonly origin: string;
  readonly asked: Recorded[];
  /** Requests that are kept now, their connections open. */
  readonly held: number;
  /** Requests for which this is true are kept from now on; nobody's where undefined. Those kept stay so. */
  hold(which: ((request: Recorded) => boolean) | undefined): void;
  close(): Promise<void>;
}

/** `maxHeaderSize`: bytes of a request before its body; one with more is answered by 431. */
export async function startProxy(
  origin: string,
  { maxHeaderSize = 16_384 }: { maxHeaderSize?: number } = {},
): Promise<RecordingProxy> {
  const asked: Recorded[] = [];
  let which: ((request: Recorded) => boolean) | undefined;
  let held = 0;
  const server = createServer({ maxHeaderSize }, (incoming, outgoing) => {
    const { method = "GET", url: path = "/", headers } = incoming;
    asked.push({ method, path, headers });
    if (which?.({ method, path, headers })) {
      held++;
      outgoing.once("close", () => held--);
      incoming.resume();
      return;
    }
    const onward = forward(`${origin}${path}`, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.once("error", () => outgoing.destroy());
    outgoing.once("close", () => onward.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    get held() {
      return held;
    },
    hold: (next) => {
      which = next;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
