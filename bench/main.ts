import { BENCHES } from "./benches.js";
import { NOT_RUN_EXIT, NotRun, sayNotRun } from "./not-run.js";

const [name = "--whole", ...args] = process.argv.slice(2);
const bench = BENCHES.find((one) => one.name === name);
if (bench) {
  // Servers and folders of a benchmark go when its process exits; a signal alone would leave them behind.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(130));
  // The whole run that started this one is gone, and its process group is to go with it.
  process.once("disconnect", () => process.kill(-process.pid, "SIGTERM"));
  process.channel?.unref();
  try {
    await (
      await bench.load()
    )(args);
  } catch (error) {
    if (!(error instanceof NotRun)) throw error;
    sayNotRun(name, error);
    process.exitCode = NOT_RUN_EXIT;
  }
} else if (name === "--whole" || (name === "--full" && args.length === 0)) {
  await (await import("./whole.js")).runWhole(name === "--full");
} else {
  process.stderr.write(`npm run bench [-- --full | ${BENCHES.map((one) => one.name).join(" | ")}]\n`);
  process.exitCode = 2;
}
