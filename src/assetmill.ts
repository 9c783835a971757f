import { randomBytes } from "node:crypto";
import type { Container } from "inversify";
import type { Worker } from "./core/engine/worker.js";
import { isUnavailable, messageOf } from "./core/errors.js";
import { typesOf } from "./core/ports/asset-handler.js";
import type { JobOperator } from "./core/ports/job-operator.js";
import {
  ApiOnDemand,
  ExplainedFault,
  type Fetch,
  type NodeListener,
  type NodeListenerOptions,
  refuseUnknownHttpOptions,
} from "./http/on-demand.js";
import { type AssetmillOptions, refuseUnknownNames } from "./options.js";
import { refuseUnknownOptions } from "./core/operator/unknown-name.js";
import { ENGINE_TOOLS, HOST_LOGGER, JOB_OPERATOR, OPEN_RESOURCES } from "./composition/tokens.js";

/** An assembled assetmill: the driving port, the HTTP API and a worker in this process. */
export interface Assetmill {
  /** Starts, controls and reports on jobs. Starting or resuming a job also starts the worker, unless `autoStart` is false. */
  readonly operator: JobOperator;
  /**
   * The HTTP API as a function. Mount it under any path prefix that leaves the request's URL unchanged. The second argument
   * holds @hono/node-server's bindings, for the remote address; without them, failed logins are not limited.
   */
  readonly fetch: Fetch;
  /** The token that callers need if no authenticator was given; else undefined. */
  readonly token: string | undefined;
  /**
   * Returns the HTTP API as a listener for `node:http`, Express, Fastify and the like; see `nodeListener` in
   * assetmill/http.
   */
  nodeListener(options?: NodeListenerOptions): NodeListener;
  /**
   * Starts the worker: on all jobs of this repository, including those that an earlier process left unfinished, or on one
   * job only. A second call has no effect.
   */
  start(only?: { readonly jobId: string }): void;
  /** Stops the worker: waits for running handlers, commits what has ended and releases the rest. Jobs can continue later. */
  stop(): Promise<void>;
  /** Stops the worker and closes everything that was opened. Nothing keeps the process alive afterwards. */
  close(): Promise<void>;
}

/**
 * Opens store and repository and registers the plugins. Reads no environment variables, opens no port and starts no work.
 * Rejects with INVALID_PARAMETER naming the option, or UNAVAILABLE if the store or repository cannot be opened.
 */
export async function createAssetmill(options: AssetmillOptions): Promise<Assetmill> {
  refuseUnknownNames(options);
  if (options.http !== undefined) refuseUnknownHttpOptions(options.http, "http");
  // Only now: importing assetmill loads no database, container or engine.
  const { beginRetention, composeContainer, createWorker, guardMainThread } =
    await import("./composition/container.js");
  let worker: Worker | undefined;
  let callOff: (() => Promise<void>) | undefined;
  let endRetention: (() => Promise<void>) | undefined;
  let closed = false;
  const start = (only?: { readonly jobId: string }): void => {
    if (closed) throw new Error("this assetmill is closed");
    if (only !== undefined) refuseUnknownOptions(only, { jobId: true });
    worker ??= createWorker(container, only?.jobId);
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
  const logger = () => container.get(HOST_LOGGER);
  const token = options.http?.authenticator ? undefined : randomBytes(24).toString("base64url");
  const onError = (error: unknown): void =>
    void (isUnavailable(error)
      ? logger().warn(messageOf(error))
      : logger().error(hasStackOfUse(error) ? (error.stack ?? error.message) : messageOf(error)));
  const api = new ApiOnDemand(operator, {
    ready: () => operator.history({ limit: 1 }).then(() => !closed),
    jobTypes: [...new Set(container.get(ENGINE_TOOLS).handlers.flatMap(typesOf))].sort(),
    ...options.http,
    onError: options.http?.onError ?? onError,
    token,
  });
  // Invalid options are refused here, not at the first request.
  if (options.http !== undefined) await orClose(container, () => api.load());
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
    // Who takes the function will call it soon: the first request should find the API loaded.
    get fetch() {
      api.load().catch(() => {});
      return api.fetch;
    },
    token,
    nodeListener: (listenerOptions) => api.nodeListener(listenerOptions),
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

/** Returns whether the stack tells more than the message. */
const hasStackOfUse = (error: unknown): error is Error => error instanceof Error && !(error instanceof ExplainedFault);

/** Closes what was opened if `make` rejects: nobody else can. */
async function orClose(container: Container, make: () => Promise<void>): Promise<void> {
  try {
    await make();
  } catch (error) {
    await container.get(OPEN_RESOURCES).close();
    throw error;
  }
}
