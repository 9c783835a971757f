import { createServer, type Server } from "node:http";
import { type AddressInfo, isIPv6 } from "node:net";
import { AssetmillError, invalidParameter } from "../core/errors.js";
import { type NamesOf, refuseUnknownOptions } from "../core/operator/unknown-name.js";
import { checkLimit } from "./check-limit.js";
import { isLoopback } from "./loopback.js";
import { type Fetch, nodeListener } from "./node-listener.js";
import { answerUnparsed } from "./unparsed-request.js";
import { UNREAD_TIMEOUT_MS } from "./unread-response.js";

/** Options of `listen`. */
export interface ListenOptions {
  /** Host name or address; IPv6 without brackets. */
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  /** Refuses any host but loopback. @defaultValue false */
  readonly loopbackOnly?: boolean;
  /** How long a client may take to send its headers, counted from connecting or the previous request. @defaultValue 10 s */
  readonly headersTimeoutMs?: number;
  /** How long a client may take to send a whole request. @defaultValue 30 s */
  readonly requestTimeoutMs?: number;
  /** How long a client may leave a response unread before its connection is closed. @defaultValue 60 s */
  readonly unreadTimeoutMs?: number;
  /**
   * How long a connection is kept open for the client's next request. Behind a load balancer, set it higher than the time
   * for which that keeps idle connections. @defaultValue 5 s
   */
  readonly keepAliveTimeoutMs?: number;
  /** Size limit of the URL and all headers together. @defaultValue 32 KiB */
  readonly maxHeaderBytes?: number;
  /** How long `close` waits for requests under way. @defaultValue 5 s */
  readonly closeTimeoutMs?: number;
  /** Receives errors thrown by `fetch`. @defaultValue none */
  readonly onError?: (error: unknown) => void;
}

export const LISTEN_DEFAULTS = Object.freeze({
  loopbackOnly: false,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  unreadTimeoutMs: UNREAD_TIMEOUT_MS,
  keepAliveTimeoutMs: 5_000,
  maxHeaderBytes: 32 * 1024,
  closeTimeoutMs: 5_000,
  onError: () => {},
});

const NAMES: NamesOf<Required<ListenOptions>> = {
  host: true,
  port: true,
  loopbackOnly: true,
  headersTimeoutMs: true,
  requestTimeoutMs: true,
  unreadTimeoutMs: true,
  keepAliveTimeoutMs: true,
  maxHeaderBytes: true,
  closeTimeoutMs: true,
  onError: true,
};

/** A listening server. */
export interface Listening {
  /** The origin with the actual port, e.g. `http://127.0.0.1:4502`. */
  readonly url: string;
  /** Stops accepting connections, waits for pending requests, then closes their connections. Safe to call again. */
  close(): Promise<void>;
}

/** Starts a server. Resolves once it accepts connections; rejects with INVALID_PARAMETER naming the option. */
export async function listen(fetch: Fetch, options: ListenOptions): Promise<Listening> {
  refuseUnknownOptions(options, NAMES);
  const {
    host,
    port,
    loopbackOnly = LISTEN_DEFAULTS.loopbackOnly,
    headersTimeoutMs = LISTEN_DEFAULTS.headersTimeoutMs,
    requestTimeoutMs = LISTEN_DEFAULTS.requestTimeoutMs,
    unreadTimeoutMs = LISTEN_DEFAULTS.unreadTimeoutMs,
    keepAliveTimeoutMs = LISTEN_DEFAULTS.keepAliveTimeoutMs,
    maxHeaderBytes = LISTEN_DEFAULTS.maxHeaderBytes,
    closeTimeoutMs = LISTEN_DEFAULTS.closeTimeoutMs,
    onError = LISTEN_DEFAULTS.onError,
  } = options;
  const times = { headersTimeoutMs, requestTimeoutMs, unreadTimeoutMs, keepAliveTimeoutMs, closeTimeoutMs };
  for (const [field, ms] of Object.entries(times)) checkLimit(field, ms, field === "closeTimeoutMs" ? 0 : 1);
  checkLimit("maxHeaderBytes", maxHeaderBytes, 1_024);
  if (loopbackOnly && !isLoopback(host)) {
    throw invalidParameter("host", `must be a loopback address (127.0.0.1, ::1, localhost); got "${host}"`);
  }
  const listener = nodeListener(fetch, onError, { unreadTimeoutMs });
  const server = createServer(
    {
      headersTimeout: Math.min(headersTimeoutMs, requestTimeoutMs),
      requestTimeout: requestTimeoutMs,
      connectionsCheckingInterval: 1000, // both timeouts are checked only this often
      keepAliveTimeout: keepAliveTimeoutMs,
      maxHeaderSize: maxHeaderBytes,
      requireHostHeader: false, // the listener requires it, and answers with a problem
    },
    (request, response) => void listener(request, response),
  );
  answerUnparsed(server);
  await bind(server, host, port);
  const bound = (server.address() as AddressInfo).port;
  return {
    url: `http://${isIPv6(host) ? `[${host}]` : host}:${bound}`,
    close: () => drain(server, closeTimeoutMs),
  };
}

const bind = (server: Server, host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const refuse = (error: unknown) => reject(explain(error as NodeJS.ErrnoException, host, port));
    server.once("error", refuse);
    try {
      server.listen({ host, port }, () => {
        server.off("error", refuse);
        resolve();
      });
    } catch (error) {
      refuse(error);
    }
  });

const REASONS: Readonly<Record<string, readonly ["host" | "port", string]>> = {
  EADDRINUSE: ["port", "is already in use"],
  EACCES: ["port", "requires privileges that this user does not have"],
  ERR_SOCKET_BAD_PORT: ["port", "is not a port (0 to 65535)"],
  EADDRNOTAVAIL: ["host", "is not an address of this machine"],
  ENOTFOUND: ["host", "is an unknown host name"],
};

function explain(error: NodeJS.ErrnoException, host: string, port: number): AssetmillError {
  const [field, reason] = REASONS[error.code ?? ""] ?? ["host", `cannot be listened on (${error.code ?? "no code"})`];
  const message = `${field === "port" ? `${port} on ${host}` : host} ${reason}`;
  return new AssetmillError("INVALID_PARAMETER", `${field}: ${message}`, {
    ids: { field },
    fields: [{ field, message }],
    cause: error,
  });
}

const drain = (server: Server, timeoutMs: number): Promise<void> =>
  new Promise((resolve) => {
    // Otherwise a connection that goes idle later would stay open for seconds.
    const sweep = setInterval(() => server.closeIdleConnections(), 20);
    const cut = setTimeout(() => server.closeAllConnections(), timeoutMs);
    server.close(() => {
      clearInterval(sweep);
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
