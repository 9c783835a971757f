import { setTimeout as sleep } from "node:timers/promises";
import { type Assetmill, createAssetmill } from "../../assetmill.js";
import { AssetmillError, invalidParameter, isUnavailable } from "../../core/errors.js";
import { isFinal } from "../../core/job/lifecycle.js";
import type { JobReport } from "../../core/job/job-report.js";
import type { AssetmillOptions } from "../../options.js";
import { refuseMissingAssets, refuseWrongTarget } from "../../composition/repositories.js";
import { osUserName } from "../os-user-name.js";
import { dryRunTable } from "../dry-run-table.js";
import { existingStore } from "../existing-store.js";
import { EXIT, type ExitCode } from "../exit-codes.js";
import { loadPlugins } from "../load-plugins.js";
import { migrationIsWhole } from "../migration-check.js";
import type { Output } from "../output.js";
import { progressView } from "../progress-view.js";
import { Signals } from "../signals.js";
import { type ChoiceFlags, chosenJob, type ChosenJob, refuseResting } from "../chosen-job.js";
import { shownMessage } from "../shown-path.js";
import { storeFlag } from "../store-flag.js";
import { summaryTable } from "../summary-table.js";
import { retryWhileUnavailable } from "../retry-while-unavailable.js";

export interface ProcessFlags extends ChoiceFlags {
  readonly target?: string;
  readonly plugin: readonly string[];
  readonly builtIns: boolean;
  readonly concurrency?: number;
  readonly chunkSize?: number;
  readonly deadline?: number;
  readonly failOnWarnings?: boolean;
  readonly json?: boolean;
}

/** The first looks come sooner, so that a small job does not wait for the next one at its end. */
const FIRST_LOOK_MS = 10;
const LOOK_EVERY_MS = 200;
const JSON_EVERY_MS = 1_000;

/** Processes all assets under a path in this process. Resumes the interrupted job of the same request, if there is one. */
export async function processCommand(path: string | undefined, flags: ProcessFlags, output: Output): Promise<ExitCode> {
  const chosen = chosenJob(path, flags);
  return Signals.during((signals) => run(chosen, flags, signals, output));
}

async function run(chosen: ChosenJob, flags: ProcessFlags, signals: Signals, output: Output): Promise<ExitCode> {
  if ("jobId" in chosen) existingStore(flags.store, flags.assets);
  const options = await optionsOf(flags);
  const mill = await retryWhileUnavailable(signals, output, async () => {
    if (flags.target !== undefined) await refuseWrongTarget(options.assets, flags.target);
    await refuseMissingAssets(options.assets);
    return createAssetmill(options);
  });
  if (!mill) return signals.exitCode;
  try {
    const begun = await retryWhileUnavailable(signals, output, async () => {
      if ("jobId" in chosen) refuseResting(await mill.operator.status(chosen.jobId), flags);
      const started = await ("jobId" in chosen
        ? mill.operator.join(chosen.jobId)
        : mill.operator.startOrJoin(chosen.request, osUserName()));
      return { ...started, before: await mill.operator.status(started.processingId) };
    });
    if (!begun) return signals.exitCode;
    const { processingId, joined, leftOut, warnings, before } = begun;
    if (before.status === "PAUSED") refuseResting(before, flags);
    output.say(
      joined && (before.startedAt > 0 || !("jobId" in chosen))
        ? `Resuming job ${processingId} at ${before.processedCount}/${before.migrationSet.totalFiles}`
        : `Job ${processingId}${before.dryRun ? " (dry run: nothing is written)" : ""}`,
    );
    for (const warning of warnings) output.say(`Warning: ${shownMessage(warning, flags.exclude)}`);
    if (leftOut.length > 0)
      output.say(`The job keeps the handlers it was started with; it does not run ${leftOut.join(", ")}`);
    mill.start({ jobId: processingId });
    const report = await watch(mill, processingId, flags, signals, output);
    if (signals.stopSignal.aborted && !isFinal(report.status))
      return await interrupt(mill, processingId, flags, signals, output);
    if (flags.json) output.json(report);
    else if (report.dryRun) output.line(dryRunTable(report));
    else {
      const summary = await retryWhileUnavailable(signals, output, () => mill.operator.summary(processingId));
      if (summary) output.line(summaryTable(report, summary));
    }
    if (report.failedCount > 0)
      output.say(`To see what failed and why: assetmill failures ${processingId}${storeFlag(flags)}`);
    if (report.warningCount > 0)
      output.say(`To see the warnings: assetmill logs ${processingId} --level WARN${storeFlag(flags)}`);
    const isWhole = await migrationIsWhole(report, flags.target, output);
    const isWarned = flags.failOnWarnings === true && report.warningCount > 0;
    return report.status === "SUCCESS" && report.failedCount === 0 && isWhole && !isWarned
      ? EXIT.success
      : EXIT.failures;
  } finally {
    await mill.close();
  }
}

/** Shows progress until the job ends or a signal arrives. */
async function watch(
  mill: Assetmill,
  processingId: string,
  flags: ProcessFlags,
  signals: Signals,
  output: Output,
): Promise<JobReport> {
  const json = flags.json === true;
  const view = json ? undefined : await progressView(output);
  let saidMs = performance.now();
  try {
    for (let pauseMs = FIRST_LOOK_MS; ; pauseMs = Math.min(LOOK_EVERY_MS, pauseMs * 1.5)) {
      const report = await mill.operator.status(processingId).catch(waitForStore);
      if (!report) continue;
      view?.show(report);
      if (isFinal(report.status) || signals.stopSignal.aborted) return report;
      if (report.status === "PAUSED") {
        const resume = `assetmill resume ${processingId}${storeFlag(flags)}`;
        throw new AssetmillError("ILLEGAL_STATE", `job ${processingId} was paused; resume it with: ${resume}`, {
          ids: { jobId: processingId, status: "PAUSED" },
        });
      }
      if (json && performance.now() - saidMs >= JSON_EVERY_MS) {
        output.json(report);
        saidMs = performance.now();
      }
      await signals.sleep(pauseMs);
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
  if ((await mill.operator.status(processingId)).dryRun) await cancelUnlessEnded(mill, processingId);
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
    builtIns: flags.builtIns,
    autoStart: false,
    watchdog: true,
    ...(flags.store === undefined ? {} : { store: flags.store }),
    ...(flags.target === undefined ? {} : { target: flags.target }),
    ...(flags.concurrency === undefined ? {} : { concurrency: flags.concurrency }),
    ...(flags.chunkSize === undefined ? {} : { chunkSize: flags.chunkSize }),
    ...(flags.deadline === undefined ? {} : { engine: { deadlineMs: flags.deadline * 1_000 } }),
  };
}
