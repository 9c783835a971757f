#!/usr/bin/env node
import { messageOf } from "../core/errors.js";
import { EXIT } from "./exit-codes.js";
import { processOutput } from "./output.js";
import { runProgram } from "./program.js";

// A reader that went away (`| head`) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

// What is said to people may have no listener; the work goes on.
process.stderr.on("error", () => {});

// What a plugin forgot to wait for is no asset's failure any more, and no reason to stop.
process.on("unhandledRejection", (reason) => {
  processOutput.say(`assetmill: a promise was rejected, and nobody waited for it: ${messageOf(reason)}`);
});

// After this a process may be in any state; what is committed is safe, and the same command goes on.
process.on("uncaughtException", (error) => {
  processOutput.say(`assetmill: ended by an error outside of any asset's work: ${messageOf(error)}${placeOf(error)}`);
  process.exit(EXIT.failures);
});

const code = await runProgram(process.argv.slice(2), processOutput);
// Said to the end first. Then not even a timer or connection that a plugin left open keeps the process.
await Promise.all(
  [process.stdout, process.stderr].map((stream) => new Promise<void>((over) => stream.write("", () => over()))),
);
process.exit(code);

/** Where in whose file it was thrown. */
function placeOf(error: unknown): string {
  const line = error instanceof Error ? /\n\s+at (.+)/.exec(error.stack ?? "")?.[1] : undefined;
  return line === undefined ? "" : ` (at ${line})`;
}
