import { setTimeout as sleep } from "node:timers/promises";
import { type Assetmill, createAssetmill } from "../../assetmill.js";
import { AssetmillError, invalidParameter, isUnavailable } from "../../core/errors.js";
import { isFinal } from "../../core/job/lifecycle.js";
import type { JobReport } from "../../core/job/job-report.js";
import type { StartRequest } from "../../core/ports/job-operator.js";
import type { AssetmillOptions } from "../../options.js";
import { refuseMissingAssets } from "../../composition/repositories.js";
import { isDatabaseUri, withoutPassword } from "../../composition/uris.js";
import { osUserName } from "../os-user-name.js";
import { dryRunTable } from "../dry-run-table.js";
import { EXIT, type ExitCode } from "../exit-codes.js";
import { loadPlugins } from "../load-plugins.js";
import { migrationIsWhole } from "../migration-check.js";
import type { Output } from "../output.js";
import { progressView } from "../progress-view.js";
import { Signals } from "../signals.js";
import { type RequestFlags, requestOf } from "../start-request.js";
import { summaryTable } from "../summary-table.js";
import { retryWhileUnavailable } from "../retry-while-unavailable.js";

export interface ProcessFlags extends RequestFlags {
  readonly assets?: string;
  readonly store?: string;
  readonly target?: string;
  readonly plugin: readonly string[];
  readonly concurrency?: number;
  readonly chunkSize?: number;
  readonly deadline?: number;
  readonly json?: boolean;
}

const LOOK_EVERY_MS = 200;
const JSON_EVERY_MS = 1_000;

/** Processes all assets under a path in this process. Resumes the interrupted job of the same request, if there is one. */
export async function processCommand(path: string, flags: ProcessFlags, output: Output): Promise<ExitCode> {
  const request = requestOf(path, flags);
  return Signals.during((signals) => run(request, flags, signals, output));
}

async function run(request: StartRequest, flags: ProcessFlags, signals: Signals, output: Output): Promise<ExitCode> {
  const options = await optionsOf(flags);
  const mill = await retryWhileUnavailable(signals, output, async () => {
    await refuseMissingAssets(options.assets);
    return createAssetmill(options);
  });
  if (!mill) return signals.exitCode;
  try {
    const begun = await retryWhileUnavailable(signals, output, async () => {
      const started = await mill.operator.startOrJoin(request, osUserName());
      return { ...started, before: await mill.operator.status(started.processingId) };
    });
    if (!begun) return signals.exitCode;
    const { processingId, joined, leftOut, warnings, before } = begun;
    if (before.status === "PAUSED") {
      throw new AssetmillError(
        "ILLEGAL_STATE",
        `job ${processingId} is PAUSED; resume it first: assetmill resume ${processingId}`,
        {
          ids: { jobId: processingId, status: "PAUSED" },
        },
      );
    }
    output.say(
      joined
        ? `Resuming job ${processingId} at ${before.processedCount}/${before.migrationSet.totalFiles}`
        : `Job ${processingId}${flags.dryRun ? " (dry run: nothing is written)" : ""}`,
    );
    for (const warning of warnings) output.say(`Warning: ${warning}`);
    if (leftOut.length > 0)
      output.say(`The job keeps the handlers it was started with; it does not run ${leftOut.join(", ")}`);
    mill.start({ jobId: processingId });
    const report = await watch(mill, processingId, flags.json === true, signals, output);
    if (signals.stopSignal.aborted && !isFinal(report.status))
      return await interrupt(mill, processingId, flags, signals, output);
    if (flags.json) output.json(report);
    else if (flags.dryRun) output.line(dryRunTable(report));
    else {
      const summary = await retryWhileUnavailable(signals, output, () => mill.operator.summary(processingId));
      if (summary) output.line(summaryTable(report, summary));
    }
    if (report.failedCount > 0)
      output.say(`To see what failed and why: assetmill failures ${processingId}${storeFlag(flags)}`);
    const isWhole = await migrationIsWhole(report, flags.target, output);
    return report.status === "SUCCESS" && report.failedCount === 0 && isWhole ? EXIT.success : EXIT.failures;
  } finally {
    await mill.close();
  }
}

/** Returns the `--store` flag to suggest for another command, without the password. */
function storeFlag({ store, assets = "" }: ProcessFlags): string {
  const uri = store ?? (isDatabaseUri(assets) ? assets : undefined);
  return uri === undefined ? "" : ` --store ${quoted(withoutPassword(uri))}`;
}

/** Quotes the text as one shell word. */
const quoted = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** Shows progress until the job ends or a signal arrives. */
async function watch(
  mill: Assetmill,
  processingId: string,
  json: boolean,
  signals: Signals,
  output: Output,
): Promise<JobReport> {
  const view = json ? undefined : progressView(output);
  let saidMs = performance.now();
  try {
    for (;;) {
      const report = await mill.operator.status(processingId).catch(waitForStore);
      if (!report) continue;
      view?.show(report);
      if (isFinal(report.status) || signals.stopSignal.aborted) return report;
      if (report.status === "PAUSED") {
        throw new AssetmillError(
          "ILLEGAL_STATE",
          `job ${processingId} was paused; resume it with: assetmill resume ${processingId}`,
          {
            ids: { jobId: processingId, status: "PAUSED" },
          },
        );
      }
      if (json && performance.now() - saidMs >= JSON_EVERY_MS) {
        output.json(report);
        saidMs = performance.now();
      }
      await signals.sleep(LOOK_EVERY_MS);
    }
  } finally {
    view?.end();
  }
}

/** Waits if the store cannot be reached: the worker reports that and retries, too. */
async function waitForStore(error: unknown): Promise<undefined> {
  if (!isUnavailable(error)) throw error;
  await sleep(LOOK_EVERY_MS);
}

async function interrupt(
  mill: Assetmill,
  processingId: string,
  flags: ProcessFlags,
  signals: Signals,
  output: Output,
): Promise<ExitCode> {
  output.say("Interrupted: waiting for running handlers to finish (interrupt again to exit at once)");
  await mill.stop();
  if (flags.dryRun) await cancelUnlessEnded(mill, processingId);
  const report = await mill.operator.status(processingId);
  if (flags.json) output.json(report);
  output.say(
    isFinal(report.status)
      ? `Job ${processingId} has ended: ${report.status}`
      : `Job ${processingId} stopped at ${report.processedCount}/${report.migrationSet.totalFiles}. Run the same command again to resume it.`,
  );
  return signals.exitCode;
}

/** Cancels a dry run: nobody resumes one, so it must not wait for ever. */
async function cancelUnlessEnded(mill: Assetmill, processingId: string): Promise<void> {
  try {
    await mill.operator.cancel(processingId, osUserName());
  } catch (error) {
    if (!AssetmillError.is(error) || error.code !== "ILLEGAL_STATE") throw error;
  }
}

async function optionsOf(flags: ProcessFlags): Promise<AssetmillOptions & { readonly assets: string }> {
  if (flags.assets === undefined)
    throw invalidParameter("assets", "is required, for example --assets folder:DIR[?mount=/path]");
  return {
    assets: flags.assets,
    plugins: await loadPlugins(flags.plugin),
    autoStart: false,
    watchdog: true,
    ...(flags.store === undefined ? {} : { store: flags.store }),
    ...(flags.target === undefined ? {} : { target: flags.target }),
    ...(flags.concurrency === undefined ? {} : { concurrency: flags.concurrency }),
    ...(flags.chunkSize === undefined ? {} : { chunkSize: flags.chunkSize }),
    ...(flags.deadline === undefined ? {} : { engine: { deadlineMs: flags.deadline * 1_000 } }),
  };
}
