#!/usr/bin/env node
import { processOutput } from "./output.js";
import { runProgram } from "./program.js";

// A reader that went away (`| head`) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

// What is said to people may have no listener; the work goes on.
process.stderr.on("error", () => {});

process.exitCode = await runProgram(process.argv.slice(2), processOutput);
