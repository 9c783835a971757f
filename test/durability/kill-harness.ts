import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Mode, openPlace, type Place } from "./place.js";

/** What the command line says of one asset. */
export interface OutcomeLine {
  readonly path: string;
  readonly outcome: string;
  readonly code?: string;
  readonly attempts: number;
}

/** A handler's signal fired. */
export interface Told {
  readonly pid: number;
  readonly path: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** What a harness is made for. */
export interface HarnessOptions {
  readonly files: number;
  /** How long the handler takes for one asset. */
  readonly delayMs: number;
  /** @defaultValue folder */
  readonly mode?: Mode;
  /** Every so manieth asset fails, by the handler's own code. @defaultValue none */
  readonly failEvery?: number;
  /** The asset at which the handler does something else, as JavaScript. @defaultValue none */
  readonly culprit?: { readonly index: number; readonly deed: string };
}

const COMMAND = resolve("dist/cli/main.js");
export const MOUNT = "/content/dam/kill";
const LINE_BYTES = `${MOUNT}/f0000/a000000.dita\n`.length;

/**
 * A tree, a store and a plugin that records each call in an append-only file; used from outside, by command line and HTTP
 * alone.
 */
export class KillHarness {
  readonly folder: string;
  readonly journal: string;
  readonly files: number;
  readonly place: Place;
  /** What the last process said on standard error. */
  said = "";
  /** How often its jobs were resumed: each is another attempt. */
  resumes = 0;
  /** How what is started here reaches its server; what is only asked always goes there straight. */
  through = (uri: string): string => uri;
  readonly #children = new Set<ChildProcess>();

  private constructor(options: HarnessOptions, folder: string, place: Place) {
    this.folder = folder;
    this.journal = join(folder, "journal");
    this.files = options.files;
    this.place = place;
  }

  static async open(options: HarnessOptions): Promise<KillHarness> {
    const { files, delayMs, mode = "folder", failEvery = 0, culprit = { index: -1, deed: "" } } = options;
    const folder = mkdtempSync(join(tmpdir(), "assetmill-kill-"));
    const tree = join(folder, "tree");
    for (let i = 0; i < files; i++) {
      const inside = join(tree, `f${String(Math.floor(i / 200)).padStart(4, "0")}`);
      if (i % 200 === 0) mkdirSync(inside, { recursive: true });
      writeFileSync(join(inside, `a${String(i).padStart(6, "0")}.dita`), '<topic id="t"><title>T</title></topic>');
    }
    const journal = join(folder, "journal");
    writeFileSync(journal, "");
    writeFileSync(`${journal}-told`, "");
    writeFileSync(
      join(folder, "plugin.mjs"),
      `import { appendFileSync } from "node:fs";
       export default {
         name: "journal", version: "1",
         async process(asset, context) {
           appendFileSync(${JSON.stringify(journal)}, asset.path + "\\n");
           context.signal.addEventListener("abort", () =>
             appendFileSync(${JSON.stringify(`${journal}-told`)}, JSON.stringify({ pid: process.pid, path: asset.path, at: Date.now() }) + "\\n"));
           if (Number(asset.path.slice(-11, -5)) === ${culprit.index}) { ${culprit.deed} }
           await new Promise((over) => setTimeout(over, ${delayMs}));
           if (${failEvery} > 0 && Number(asset.path.slice(-11, -5)) % ${failEvery} === 7) throw context.fail("SCRIPTED", "as told");
           return { properties: { seen: true } };
         },
       };`,
    );
    const harness = new KillHarness(options, folder, await openPlace(mode, folder, tree, MOUNT));
    try {
      if (harness.place.imports) await harness.run(["import", tree, MOUNT, "--assets", harness.place.assets], false);
    } catch (error) {
      await harness.dispose();
      throw error;
    }
    return harness;
  }

  get store(): string {
    return this.place.store;
  }

  /** How many assets are to fail. */
  failing(every: number): number {
    return Array.from({ length: this.files }, (_, i) => i).filter((i) => every > 0 && i % every === 7).length;
  }

  /** Every call of the handler so far, in order. */
  calls(): readonly string[] {
    return readFileSync(this.journal, "utf8").split("\n").filter(Boolean);
  }

  /** How many there were: all paths are of one length. */
  callCount(): number {
    return Math.floor(statSync(this.journal).size / LINE_BYTES);
  }

  /** Every handler whose signal fired while it ran. */
  told(): readonly Told[] {
    const lines = readFileSync(`${this.journal}-told`, "utf8").split("\n").slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Told);
  }

  /** `assetmill process` of the whole tree. */
  startProcess(...more: readonly string[]): ChildProcess {
    return this.#start(["process", MOUNT, "--assets", this.through(this.place.assets), ...more]);
  }

  /** `assetmill serve` on a free port. */
  startServe(...more: readonly string[]): ChildProcess {
    const assets = this.through(this.place.assets);
    return this.#start(["serve", "--assets", assets, "--port", "0", "--json", "--auth", "none", ...more]);
  }

  /** Kills what runs, as a power cut would; resolves once it is gone. */
  async kill(): Promise<void> {
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const gone = new Promise((over) => child.once("exit", over));
      child.kill("SIGKILL");
      await gone;
    }
    this.#children.clear();
  }

  /** Every asset's outcome as the store has it now; empty before there is a job. */
  async outcomes(id: string): Promise<readonly OutcomeLine[]> {
    return (await this.run(["outcomes", id])).map((line) => JSON.parse(line) as OutcomeLine);
  }

  async failures(id: string): Promise<readonly OutcomeLine[]> {
    return (await this.run(["failures", id])).map((line) => JSON.parse(line) as OutcomeLine);
  }

  /** Newest first; none before there is a store. */
  async jobIds(): Promise<readonly string[]> {
    return (await this.history()).map(({ processingId }) => processingId);
  }

  /** The newest job, and whether it has ended; undefined before there is one. */
  async newest(): Promise<{ readonly id: string; readonly ended: boolean } | undefined> {
    const [job] = await this.history("--limit", "1");
    return job && { id: job.processingId, ended: job.completedAt !== 0 };
  }

  async history(
    ...flags: readonly string[]
  ): Promise<readonly { readonly processingId: string; readonly completedAt: number }[]> {
    try {
      return (await this.run(["history", ...flags])).map((line) => JSON.parse(line));
    } catch (error) {
      // Killed before the store was there, or before its tables were.
      if (/no store at|there is no|no such|does not exist|holds no tables/i.test(String(error))) return [];
      throw error;
    }
  }

  async status(id: string): Promise<Record<string, unknown>> {
    return JSON.parse((await this.run(["status", id]))[0] ?? "{}") as Record<string, unknown>;
  }

  /** What processing wrote about an asset, in its repository; undefined where it wrote nothing. */
  async result(path: string): Promise<{ properties: Record<string, unknown>; jobId: string } | undefined> {
    // By the way by which it was written: another port is another server.
    const place = ["--assets", this.through(this.place.assets), "--store", this.through(this.store)];
    const lines = await this.run(["show", path, ...place, "--json"], false, [0, 1]);
    return lines[0] === undefined ? undefined : JSON.parse(lines[0]);
  }

  async logs(id: string): Promise<readonly { line: number; text: string }[]> {
    return (await this.run(["logs", id])).map((line) => JSON.parse(line) as { line: number; text: string });
  }

  /** Runs a command to its end; its lines on standard output. Fails where it was refused. */
  async run(args: readonly string[], onStore = true, codes: readonly number[] = [0]): Promise<readonly string[]> {
    const command = [COMMAND, ...args, ...(onStore ? ["--store", this.store, "--json"] : [])];
    const child = spawn(process.execPath, command, { stdio: ["ignore", "pipe", "pipe"], cwd: this.folder });
    let out = "";
    let err = "";
    child.stdout.on("data", (data: Buffer) => {
      out += data.toString();
    });
    child.stderr.on("data", (data: Buffer) => {
      err += data.toString();
    });
    const code = await new Promise<number | null>((over) => child.once("close", over));
    if (code === null || !codes.includes(code)) throw new Error(`${args.join(" ")} exited with ${code}: ${out}${err}`);
    return out.split("\n").filter(Boolean);
  }

  /** A mark in the journal, so that calls before and after it can be told apart. */
  mark(): number {
    appendFileSync(this.journal, "");
    return this.calls().length;
  }

  async dispose(): Promise<void> {
    await this.kill();
    await this.place.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #start(args: readonly string[]): ChildProcess {
    this.said = "";
    const store = this.through(this.store);
    const command = [COMMAND, ...args, "--store", store, "--plugin", join(this.folder, "plugin.mjs")];
    const child = spawn(process.execPath, command, { stdio: ["ignore", "pipe", "pipe"], cwd: this.folder });
    child.stderr.on("data", (data: Buffer) => {
      this.said = (this.said + data.toString()).slice(-10_000);
    });
    this.#children.add(child);
    return child;
  }
}

/** Resolves with the exit code. */
export const ended = (child: ChildProcess): Promise<number | null> =>
  child.exitCode === null ? new Promise((over) => child.once("exit", over)) : Promise.resolve(child.exitCode);
