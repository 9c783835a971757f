import { messageOf } from "../src/core/errors.js";

/** Why a benchmark, or one of its contenders, cannot run here: something is not installed or not there. */
export class NotRun extends Error {
  override readonly name = "NotRun";
}

/** Exit code of a benchmark that cannot run here. */
export const NOT_RUN_EXIT = 3;

/** Says loudly what is left out and why. */
export const sayNotRun = (what: string, error: unknown): void =>
  void process.stdout.write(`*** NOT RUN: ${what}: ${messageOf(error)} ***\n`);
