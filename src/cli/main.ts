#!/usr/bin/env node
import { messageOf } from "../core/errors.js";
import { EXIT } from "./exit-codes.js";
import { processOutput } from "./output.js";
import { shownMessage } from "./shown-path.js";
import { runProgram } from "./program.js";

// A reader that went away (`| head`) is not an error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

// Nobody may be reading messages; the work continues.
process.stderr.on("error", () => {});

// A promise that a plugin forgot to await belongs to no asset, and is no reason to stop.
process.on("unhandledRejection", (reason) => {
  processOutput.say(`assetmill: unhandled promise rejection: ${shownMessage(messageOf(reason))}`);
});

// The process may now be in any state. What is committed is safe, and the same command resumes the job.
process.on("uncaughtException", (error) => {
  processOutput.say(
    `assetmill: uncaught exception outside any asset: ${shownMessage(messageOf(error))}${locationOf(error)}`,
  );
  process.exit(EXIT.failures);
});

const code = await runProgram(process.argv.slice(2), processOutput);
// Flush both streams, then exit: a timer or connection that a plugin left open must not keep the process alive.
await Promise.all(
  [process.stdout, process.stderr].map((stream) => new Promise<void>((flushed) => stream.write("", () => flushed()))),
);
process.exit(code);

/** Returns the top line of the stack. */
function locationOf(error: unknown): string {
  const line = error instanceof Error ? /\n\s+at (.+)/.exec(error.stack ?? "")?.[1] : undefined;
  return line === undefined ? "" : ` (at ${line})`;
}
