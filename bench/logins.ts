import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { hashPassword } from "../src/http/index.js";

const STRANGERS = 45;
const CALL_EVERY_MS = 200;
const PROBE_EVERY_MS = 100;
const GIVE_UP_MS = 40_000;
const NAME = "anna";
const PASSWORD = "correct horse";

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** One caller: where it calls from, and with what. */
interface Caller {
  readonly from: string;
  readonly agent: Agent;
  readonly name?: string;
  readonly password?: string;
}

interface Answer {
  /** 0: no answer. */
  readonly status: number;
  readonly ms: number;
}

/**
 * `npm run bench -- logins [SECONDS]`: a `serve --auth basic:FILE` under 45 clients that guess passwords in a loop, of one
 * user and of names made up. Reports how that user's own calls, one every 200 ms with the right password, and /healthz fare.
 */
export async function runLogins([seconds = "10"]: readonly string[]): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), "assetmill-bench-"));
  try {
    await mkdir(join(home, "tree"));
    await writeFile(join(home, "users"), `${NAME}:${await hashPassword(PASSWORD)}\n`);
    const everywhere = (i: number) => `127.0.1.${i + 1}`;
    for (const [what, knownBefore, userFrom, strangersFrom] of [
      ["quiet: nobody guesses", false, "127.0.0.1", undefined],
      ["logged in before, same address as all strangers", true, "127.0.0.1", () => "127.0.0.1"],
      ["first login amid guesses, from an address of its own", false, "127.0.0.2", everywhere],
      ["first login amid guesses, same address as all strangers", false, "127.0.0.1", () => "127.0.0.1"],
    ] as const) {
      await measure(home, { what, knownBefore, userFrom, strangersFrom, ms: Number(seconds) * 1_000 });
    }
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

interface Scene {
  readonly what: string;
  readonly knownBefore: boolean;
  readonly userFrom: string;
  readonly strangersFrom: ((i: number) => string) | undefined;
  readonly ms: number;
}

async function measure(home: string, scene: Scene): Promise<void> {
  const { server, url } = await serve(home);
  const agents: Agent[] = [];
  const caller = (from: string, name?: string, password?: string): Caller => {
    const agent = new Agent({ keepAlive: true });
    agents.push(agent);
    return { from, agent, ...(name === undefined ? {} : { name }), ...(password === undefined ? {} : { password }) };
  };
  const openapi = `${url}/bin/guides/v1/assets/process/openapi.json`;
  let over = false;
  try {
    const user = caller(scene.userFrom, NAME, PASSWORD);
    if (scene.knownBefore && (await call(openapi, user)).status !== 200) throw new Error("the user cannot log in");
    const guesses: Answer[] = [];
    const strangers = Array.from({ length: scene.strangersFrom ? STRANGERS : 0 }, async (_, i) => {
      const stranger = caller(scene.strangersFrom?.(i) ?? "");
      for (let n = 0; !over; n++) {
        const name = n % 2 === 0 ? NAME : `name${i}-${n}`;
        guesses.push(await call(openapi, { ...stranger, name, password: `guess ${i} ${n}` }));
      }
    });
    if (scene.strangersFrom) await sleep(2_000);
    const calls: Promise<Answer>[] = [];
    const probes: Answer[] = [];
    const prober = caller("127.0.0.3");
    const probing = (async () => {
      for (; !over; await sleep(PROBE_EVERY_MS)) probes.push(await call(`${url}/healthz`, prober));
    })();
    for (const end = performance.now() + scene.ms; performance.now() < end; await sleep(CALL_EVERY_MS)) {
      calls.push(call(openapi, user));
    }
    const answers = await Promise.all(calls);
    over = true;
    for (const agent of agents) agent.destroy();
    await Promise.all([probing, ...strangers]);
    say(`${scene.what}:`);
    say(`  user: ${describe(answers)}`);
    say(`  /healthz: ${describe(probes.filter(({ status }) => status !== 0))}`);
    if (scene.strangersFrom) say(`  strangers: ${statuses(guesses.filter(({ status }) => status !== 0))}`);
  } finally {
    over = true;
    for (const agent of agents) agent.destroy();
    server.kill("SIGTERM");
    await once(server, "exit");
  }
}

async function serve(home: string): Promise<{ server: ChildProcess; url: string }> {
  const main = new URL("../../dist/cli/main.js", import.meta.url).pathname;
  const store = `sqlite:${await mkdtemp(join(home, "store-"))}/store.sqlite`;
  const args = ["--assets", `folder:${join(home, "tree")}`, "--store", store, "--auth", `basic:${join(home, "users")}`];
  const server = spawn(process.execPath, [main, "serve", "--json", "--host", "0.0.0.0", "--port", "0", ...args], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  for await (const line of createInterface({ input: server.stdout })) {
    return { server, url: (JSON.parse(line) as { url: string }).url.replace("0.0.0.0", "127.0.0.1") };
  }
  throw new Error("serve ended at once");
}

const call = (url: string, { from, agent, name, password }: Caller): Promise<Answer> =>
  new Promise((resolve) => {
    const sent = performance.now();
    const ended = (status: number): void => resolve({ status, ms: performance.now() - sent });
    const auth = name === undefined ? {} : { auth: `${name}:${password ?? ""}` };
    const asked = request(url, { agent, localAddress: from, timeout: GIVE_UP_MS, ...auth }, (response) => {
      response.resume().on("end", () => ended(response.statusCode ?? 0));
      response.on("error", () => ended(0));
    });
    asked.on("timeout", () => asked.destroy(new Error("late")));
    asked.on("error", () => ended(0));
    asked.end();
  });

function describe(answers: readonly Answer[]): string {
  const times = answers.map(({ ms }) => ms).sort((a, b) => a - b);
  const at = (share: number): string => (times[Math.floor((times.length - 1) * share)] ?? 0).toFixed(0);
  const good = answers.filter(({ status }) => status === 200).length;
  const percent = ((100 * good) / Math.max(1, answers.length)).toFixed(0);
  const firstGood = answers.findIndex(({ status }) => status === 200);
  const until = firstGood < 0 ? "none" : `after ${firstGood} others`;
  return `${percent} % of ${answers.length} are 200 (the first ${until}); median ${at(0.5)} ms, p99 ${at(0.99)} ms, worst ${at(1)} ms; ${statuses(answers)}`;
}

const statuses = (answers: readonly Answer[]): string => {
  const counts = new Map<number, number>();
  for (const { status } of answers) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts].map(([status, count]) => `${count} × ${status}`).join(", ");
};
