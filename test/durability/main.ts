import { parseArgs, type ParseArgsConfig } from "node:util";
import { MODES, type Mode, NotRun } from "./place.js";
import { SCENARIOS } from "./scenarios.js";

/**
 * `npm run durability -- --kills N --mode M [--scenario S]...`: injects the faults that an operator meets, at any size, from
 * outside. Prints what it did and measured; exits with 1 if a guarantee was broken.
 */
const USAGE = `npm run durability -- [--kills N] [--mode ${MODES.join("|")}]... [--scenario ${Object.keys(SCENARIOS).join("|")}]...
N is the size of each scenario. Defaults: --kills 20, --mode folder, all scenarios.`;

const fail = (message: string): never => {
  process.stderr.write(`${message}\n${USAGE}\n`);
  process.exit(2);
};

const { values } = parsed({
  options: {
    help: { type: "boolean", default: false },
    kills: { type: "string", default: "20" },
    mode: { type: "string", multiple: true, default: ["folder"] },
    scenario: { type: "string", multiple: true, default: Object.keys(SCENARIOS) },
  },
});

if (values.help) {
  process.stdout.write(`${USAGE}\n`);
  process.exit(0);
}

const kills = Number(values.kills);
if (!Number.isInteger(kills) || kills < 1) fail(`--kills must be an integer, 1 or more; got ${values.kills}`);
const modes = values.mode.map(
  (name): Mode => MODES.find((mode) => mode === name) ?? fail(`--mode must be one of ${MODES.join(", ")}; got ${name}`),
);
const chosen = values.scenario.map((name) => ({
  name,
  run: SCENARIOS[name] ?? fail(`--scenario must be one of ${Object.keys(SCENARIOS).join(", ")}; got ${name}`),
}));

/** Calls `parseArgs` and reports its errors as wrong usage. */
function parsed<C extends ParseArgsConfig>(config: C): ReturnType<typeof parseArgs<C>> {
  try {
    return parseArgs(config);
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

let broken = 0;
for (const mode of modes) {
  for (const { name, run } of chosen) {
    const startedMs = performance.now();
    const took = () => `${((performance.now() - startedMs) / 1_000).toFixed(0)} s`;
    try {
      process.stdout.write(`${mode} ${name}: ${await run({ mode, kills })} (${took()})\n`);
    } catch (error) {
      if (error instanceof NotRun) {
        process.stdout.write(`!!! NOT RUN: ${mode} ${name}: ${error.message}\n`);
        continue;
      }
      broken++;
      const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
      process.stdout.write(`${mode} ${name}: BROKEN after ${took()}: ${why}\n`);
    }
  }
}
process.exit(broken === 0 ? 0 : 1);
