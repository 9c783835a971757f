import { runDrivers } from "./drivers.js";
import { runEta } from "./eta.js";
import { runEventLoop } from "./event-loop.js";
import { runFairness } from "./fairness.js";
import { runHistory } from "./history.js";
import { runHostile } from "./hostile.js";
import { runJcr, runJcrJob } from "./jcr.js";
import { runLogins } from "./logins.js";
import { runQueue } from "./queue.js";
import { runThroughput } from "./throughput.js";

const benches: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  drivers: runDrivers,
  eta: runEta,
  "event-loop": runEventLoop,
  fairness: runFairness,
  history: runHistory,
  hostile: runHostile,
  jcr: runJcr,
  "jcr-job": runJcrJob,
  logins: runLogins,
  queue: runQueue,
  throughput: runThroughput,
};

const [name = "", ...args] = process.argv.slice(2);
const bench = Object.hasOwn(benches, name) ? benches[name] : undefined;
if (bench) await bench(args);
else {
  process.stderr.write(`npm run bench -- ${Object.keys(benches).join("|")}\n`);
  process.exitCode = 2;
}
