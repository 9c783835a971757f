import { randomBytes } from "node:crypto";
import { beginRetention, composeContainer, guardMainThread } from "./composition/container.js";
import { Worker } from "./core/engine/worker.js";
import { isUnavailable, messageOf } from "./core/errors.js";
import type { JobOperator } from "./core/ports/job-operator.js";
import { createApp, type Fetch, type NodeListener, nodeListener, TokenAuthenticator } from "./http/index.js";
import type { AssetmillOptions } from "./options.js";
import { ENGINE_TOOLS, HOST_LOGGER, JOB_OPERATOR, OPEN_RESOURCES } from "./composition/tokens.js";

/** A composed assetmill: the driving port, the HTTP API, and a worker in this process. */
export interface Assetmill {
  /** Everything that may be asked of it. Starting or resuming a job starts the worker, too, unless told otherwise. */
  readonly operator: JobOperator;
  /**
   * The HTTP API as a function. Mount it under any path prefix that leaves the request's URL as it is. The second argument
   * is @hono/node-server's bindings, for the remote address; without them failed logins are not limited.
   */
  readonly fetch: Fetch;
  /** The shared secret that callers of `fetch` need where no authenticator was given; else undefined. */
  readonly token: string | undefined;
  /** The same for `node:http`, Express, Fastify and their like; see `nodeListener` in assetmill/http. */
  nodeListener(): NodeListener;
  /**
   * Begins to work: on all jobs of this repository, those included that an earlier process left unfinished; or on one
   * job alone. A second call changes nothing.
   */
  start(only?: { readonly jobId: string }): void;
  /** Lets running handlers end, commits what ended, gives the rest back; jobs stay as they are and can go on. */
  stop(): Promise<void>;
  /** Stops, and closes all that was opened. Nothing of it keeps the process alive afterwards. */
  close(): Promise<void>;
}

/**
 * Opens store and repository and binds the plugins. Reads no environment, listens nowhere and starts no work until told.
 * Errors: INVALID_PARAMETER naming the option, UNAVAILABLE where store or repository cannot be opened.
 */
export async function createAssetmill(options: AssetmillOptions): Promise<Assetmill> {
  let worker: Worker | undefined;
  let callOff: (() => Promise<void>) | undefined;
  let endRetention: (() => Promise<void>) | undefined;
  let closed = false;
  const start = (only?: { readonly jobId: string }): void => {
    if (closed) throw new Error("this assetmill is closed");
    worker ??= new Worker(container.get(ENGINE_TOOLS), only?.jobId);
    callOff ??= guardMainThread(options);
    endRetention ??= beginRetention(container, options);
    worker.start();
  };
  const container = await composeContainer(options, () => {
    if (closed) return;
    if (options.autoStart !== false) start();
    worker?.wake();
  });
  const operator = container.get(JOB_OPERATOR);
  const logger = container.get(HOST_LOGGER);
  const token = options.http?.authenticator ? undefined : randomBytes(24).toString("base64url");
  const onError = (error: unknown): void =>
    void (isUnavailable(error)
      ? logger.warn(messageOf(error))
      : logger.error(error instanceof Error ? (error.stack ?? error.message) : String(error)));
  const app = createApp(operator, {
    onError,
    ready: () => operator.history({ limit: 1 }).then(() => !closed),
    ...options.http,
    authenticator: options.http?.authenticator ?? new TokenAuthenticator(token ?? ""),
  });
  const fetch: Fetch = async (request, bindings) => app.fetch(request, bindings);
  const stop = async (): Promise<void> => {
    const stopping = worker;
    worker = undefined;
    await stopping?.stop();
    await endRetention?.();
    endRetention = undefined;
    await callOff?.();
    callOff = undefined;
  };
  return {
    operator,
    fetch,
    token,
    nodeListener: () => nodeListener(fetch, options.http?.onError ?? onError),
    start,
    stop,
    close: async () => {
      if (closed) return;
      closed = true;
      await stop();
      await container.get(OPEN_RESOURCES).close();
    },
  };
}
