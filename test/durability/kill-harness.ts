import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** What the command line says of one asset. */
export interface OutcomeLine {
  readonly path: string;
  readonly outcome: string;
  readonly code?: string;
  readonly attempts: number;
}

const COMMAND = resolve("dist/cli/main.js");
const MOUNT = "/content/dam/kill";

/** A tree, a store and a plugin that records each call in an append-only file; used from outside, by command line alone. */
export class KillHarness {
  readonly folder = mkdtempSync(join(tmpdir(), "assetmill-kill-"));
  readonly store = `sqlite:${join(this.folder, "store.sqlite")}`;
  readonly journal = join(this.folder, "journal");
  readonly assets = `folder:${join(this.folder, "tree")}?mount=${MOUNT}`;
  readonly files: number;
  #child: ChildProcess | undefined;

  /** `delayMs`: how long the handler takes for one asset. */
  constructor(files: number, delayMs: number) {
    this.files = files;
    for (let i = 0; i < files; i++) {
      const folder = join(this.folder, "tree", `f${String(Math.floor(i / 200)).padStart(4, "0")}`);
      if (i % 200 === 0) mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, `a${String(i).padStart(6, "0")}.dita`), '<topic id="t"><title>T</title></topic>');
    }
    writeFileSync(this.journal, "");
    writeFileSync(
      join(this.folder, "plugin.mjs"),
      `import { appendFileSync } from "node:fs";
       export default {
         name: "journal", version: "1",
         async process(asset) {
           appendFileSync(${JSON.stringify(this.journal)}, asset.path + "\\n");
           await new Promise((over) => setTimeout(over, ${delayMs}));
           return { properties: { seen: true } };
         },
       };`,
    );
  }

  /** Every call of the handler so far, in order. */
  calls(): readonly string[] {
    return readFileSync(this.journal, "utf8").split("\n").filter(Boolean);
  }

  /** `assetmill process` of the whole tree. */
  startProcess(...more: readonly string[]): ChildProcess {
    return this.#start(["process", MOUNT, "--assets", this.assets, ...more]);
  }

  /** `assetmill serve` on a free port. */
  startServe(...more: readonly string[]): ChildProcess {
    return this.#start(["serve", "--assets", this.assets, "--port", "0", "--json", "--auth", "none", ...more]);
  }

  /** Kills what runs, as a power cut would; resolves once it is gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((over) => child.once("exit", over));
    child.kill("SIGKILL");
    await gone;
  }

  /** Every asset's outcome as the store has it now; empty before there is a job. */
  async outcomes(id: string): Promise<readonly OutcomeLine[]> {
    return (await this.run(["outcomes", id])).map((line) => JSON.parse(line) as OutcomeLine);
  }

  async jobIds(): Promise<readonly string[]> {
    if (!existsSync(join(this.folder, "store.sqlite"))) return [];
    return (await this.run(["history"])).map((line) => (JSON.parse(line) as { processingId: string }).processingId);
  }

  async status(id: string): Promise<Record<string, unknown>> {
    return JSON.parse((await this.run(["status", id]))[0] ?? "{}") as Record<string, unknown>;
  }

  async logs(id: string): Promise<readonly { line: number; text: string }[]> {
    return (await this.run(["logs", id])).map((line) => JSON.parse(line) as { line: number; text: string });
  }

  /** Runs a command to its end; its lines on standard output. Fails where it was refused. */
  async run(args: readonly string[]): Promise<readonly string[]> {
    const child = spawn(process.execPath, [COMMAND, ...args, "--store", this.store, "--json"], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let out = "";
    let err = "";
    child.stdout.on("data", (data: Buffer) => {
      out += data.toString();
    });
    child.stderr.on("data", (data: Buffer) => {
      err += data.toString();
    });
    const code = await new Promise<number | null>((over) => child.once("close", over));
    if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}: ${out}${err}`);
    return out.split("\n").filter(Boolean);
  }

  /** A mark in the journal, so that calls before and after it can be told apart. */
  mark(): number {
    appendFileSync(this.journal, "");
    return this.calls().length;
  }

  async dispose(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #start(args: readonly string[]): ChildProcess {
    this.#child = spawn(
      process.execPath,
      [COMMAND, ...args, "--store", this.store, "--plugin", join(this.folder, "plugin.mjs")],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    return this.#child;
  }
}

/** Resolves with the exit code. */
export const ended = (child: ChildProcess): Promise<number | null> =>
  child.exitCode === null ? new Promise((over) => child.once("exit", over)) : Promise.resolve(child.exitCode);
