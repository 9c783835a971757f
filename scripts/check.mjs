// Everything that `npm test` checks before it runs tests, in two lanes of one processor each: lint beside the compiler.
// A lane goes on after a failure, so that one run reports all of them.
import { spawn } from "node:child_process";

const LANES = [["lint"], ["typecheck", "compile"]];

/** Prints a script's output in one piece when it ends; resolves with whether it succeeded. */
const succeeds = (script) =>
  new Promise((resolve) => {
    const child = spawn("npm", ["run", "--silent", script], {
      shell: process.platform === "win32",
      stdio: ["ignore", "pipe", "pipe"],
    });
    const output = [];
    child.stdout.on("data", (bytes) => output.push(bytes));
    child.stderr.on("data", (bytes) => output.push(bytes));
    child.on("error", (error) => output.push(`${error}\n`));
    child.on("close", (code) => {
      for (const bytes of output) process.stdout.write(bytes);
      resolve(code === 0);
    });
  });

const failed = [];
const runLane = async (lane) => {
  for (const script of lane) if (!(await succeeds(script))) failed.push(script);
};
await Promise.all(LANES.map(runLane));
if (failed.length > 0) {
  console.error(`FAILED: ${failed.map((script) => `npm run ${script}`).join(", ")}`);
  process.exitCode = 1;
}
