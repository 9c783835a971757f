import { leftOut } from "../../core/job/job-lines.js";
import { importFolder } from "../../composition/transfer.js";
import { invalidParameter, messageOf } from "../../core/errors.js";
import type { ImportProgress } from "../../core/transfer/import-assets.js";
import { EXIT, type ExitCode } from "../exit-codes.js";
import type { Output } from "../output.js";
import { Signals } from "../signals.js";
import { shownMessage, shownPath } from "../shown-path.js";
import { retryWhileUnavailable } from "../retry-while-unavailable.js";

export interface ImportFlags {
  readonly assets?: string;
  readonly hidden?: boolean;
  readonly json?: boolean;
}

const SAY_EVERY_MS = 5_000;

/** Copies a folder into a repository. Run again, it resumes where it stopped. */
export function importCommand(folder: string, path: string, flags: ImportFlags, output: Output): Promise<ExitCode> {
  return Signals.during((signals) => run(folder, path, flags, signals, output));
}

async function run(
  folder: string,
  path: string,
  { assets, hidden = false, json }: ImportFlags,
  signals: Signals,
  output: Output,
): Promise<ExitCode> {
  if (assets === undefined)
    throw invalidParameter(
      "assets",
      "is required: --assets sqlite:FILE, postgres://user:password@host/database or jcr+http://…",
    );
  let saidMs = performance.now();
  const work = (): Promise<ImportProgress> =>
    importFolder({ folder, hidden }, path, assets, {
      signal: signals.stopSignal,
      onProgress: (progress) => {
        if (performance.now() - saidMs < SAY_EVERY_MS) return;
        saidMs = performance.now();
        output.say(sentence(progress));
      },
      onFailure: (failed, error) =>
        output.say(`FAILED ${shownPath(failed)}: ${error.code} ${shownMessage(error.message, [failed])}`),
      onUnavailable: (error, retryInMs) =>
        output.say(`${shownMessage(messageOf(error))}; trying again in ${Math.round(retryInMs)} ms`),
      onNote: (note) => output.say(shownMessage(note)),
    });
  // Allows the asset in progress to finish.
  const done = await retryWhileUnavailable(signals, output, work, { graceMs: 10_000 });
  if (!done) return signals.exitCode;
  const { hidden: left, ...counts } = done;
  if (left > 0) output.say(`${leftOut(left)}; --hidden includes them`);
  if (json) output.json(left > 0 ? done : counts);
  else output.line(sentence(done));
  if (signals.stopSignal.aborted) {
    output.say("Interrupted. Run the same command again to resume.");
    return signals.exitCode;
  }
  return done.failed === 0 ? EXIT.success : EXIT.failures;
}

const counted = (count: number): string => `${count} asset${count === 1 ? "" : "s"}`;

const sentence = ({ created, replaced, unchanged, failed }: ImportProgress): string =>
  `Imported ${counted(created + replaced + unchanged)}: ${created} created, ${replaced} replaced, ${unchanged} unchanged` +
  (failed === 0 ? "" : `; ${failed} failed`);
