import { createAssetmill } from "../../assetmill.js";
import { invalidParameter } from "../../core/errors.js";
import { isLoopback, listen } from "../../http/index.js";
import { parseAuth } from "../auth-spec.js";
import { newAssetsNote } from "../existing-store.js";
import { EXIT, type ExitCode } from "../exit-codes.js";
import { loadPlugins } from "../load-plugins.js";
import type { Output } from "../output.js";
import { parseRate } from "../rate-spec.js";
import { Signals } from "../signals.js";
import { retryWhileUnavailable } from "../retry-while-unavailable.js";

export interface ServeFlags {
  readonly assets?: string;
  readonly store?: string;
  readonly target?: string;
  readonly plugin: readonly string[];
  readonly builtIns: boolean;
  readonly host: string;
  readonly port: number;
  readonly auth: string;
  readonly rateLimit?: string;
  readonly loginLimit?: string;
  readonly trustProxy?: number;
  readonly deadline?: number;
  readonly retainDays?: number;
  readonly retainJobs?: number;
  readonly maxActiveJobs: number;
  readonly json?: boolean;
}

/** Serves the HTTP API and works on all jobs, including those that an earlier process left unfinished. */
export async function serveCommand(flags: ServeFlags, output: Output): Promise<ExitCode> {
  return Signals.during((signals) => serve(flags, signals, output));
}

async function serve(flags: ServeFlags, signals: Signals, output: Output): Promise<ExitCode> {
  const {
    assets,
    store,
    target,
    plugin,
    builtIns,
    host,
    port,
    auth,
    rateLimit,
    loginLimit,
    trustProxy,
    deadline,
    retainDays: days,
    retainJobs: jobs,
    maxActiveJobs,
  } = flags;
  if (assets === undefined)
    throw invalidParameter("assets", "is required, for example --assets folder:DIR[?mount=/path]");
  const limits = {
    ...(rateLimit === undefined ? {} : { rateLimit: parseRate("rate-limit", rateLimit) }),
    ...(loginLimit === undefined ? {} : { loginLimit: parseRate("login-limit", loginLimit) }),
    ...(trustProxy === undefined ? {} : { trustProxy }),
  };
  const { authenticator, accessPolicy, loopbackOnly } = await parseAuth(auth, assets);
  const plugins = await loadPlugins(plugin);
  const note = newAssetsNote(assets);
  const mill = await retryWhileUnavailable(signals, output, () =>
    createAssetmill({
      assets,
      watchdog: true,
      plugins,
      builtIns,
      ...(store === undefined ? {} : { store }),
      ...(target === undefined ? {} : { target }),
      ...(deadline === undefined ? {} : { engine: { deadlineMs: deadline * 1_000 } }),
      maxActiveJobs,
      retention: { ...(days === undefined ? {} : { days }), ...(jobs === undefined ? {} : { jobs }) },
      http: {
        // On loopback, accept only loopback names in the Host header: this stops DNS rebinding.
        ...(isLoopback(host) ? { allowedHosts: isLoopback } : {}),
        ...(authenticator ? { authenticator } : {}),
        ...(accessPolicy ? { accessPolicy } : {}),
        ...limits,
      },
    }),
  );
  if (!mill) return signals.exitCode;
  if (note !== undefined) output.say(note);
  try {
    const server = await listen(mill.fetch, { host, port, loopbackOnly });
    try {
      mill.start();
      announce(server.url, mill.token, flags, output);
      await signals.wait();
      output.say("Stopping: waiting for running handlers to finish (interrupt again to exit at once)");
    } finally {
      await server.close();
    }
  } finally {
    await mill.close();
  }
  return signals.exitCode === EXIT.terminated ? EXIT.terminated : EXIT.interrupted;
}

function announce(url: string, token: string | undefined, { auth, host, json }: ServeFlags, output: Output): void {
  if (!isLoopback(host)) output.say("Warning: passwords and tokens are sent unencrypted; put a TLS proxy in front");
  if (json === true) {
    output.json({ url, token: token ?? null });
    return;
  }
  output.line(`assetmill listens on ${url}/bin/guides/v1/assets/process`);
  if (token !== undefined) output.line(`Token: ${token}`);
  if (auth === "none") output.line("No authentication: anyone on this machine may call");
}
