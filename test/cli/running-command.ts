import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";

/** The command under test: what `npm run build` made. */
export const COMMAND = path.resolve(process.cwd(), "dist/cli/main.js");

/** How a command ended, and what it said. */
export interface Ended {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

export interface Surroundings {
  readonly cwd: string;
  /** Beside what this process has; none of the ASSETMILL_ ones of this process are passed on. */
  readonly env?: Readonly<Record<string, string>>;
  /** After so long it is killed, and waiting for it fails. @defaultValue 60 s */
  readonly withinMs?: number;
}

/** A child process whose every wait is bounded. */
export class RunningCommand {
  out = "";
  err = "";
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  readonly #said: string;

  constructor(file: string, args: readonly string[], { cwd, env = {}, withinMs = 120_000 }: Surroundings) {
    this.#said = [path.basename(file), ...args].join(" ");
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("ASSETMILL_"));
    this.#child = spawn(file, [...args], {
      cwd,
      env: { ...Object.fromEntries(inherited), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.out += text;
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.err += text;
    });
    this.ended = new Promise((over, failed) => {
      const late = setTimeout(() => {
        this.#child.kill("SIGKILL");
        failed(new Error(`not ended within ${withinMs} ms: ${this.#said}\n${this.out}${this.err}`));
      }, withinMs);
      this.#child.once("error", failed);
      this.#child.once("close", (code, signal) => {
        clearTimeout(late);
        over({ code, signal, out: this.out, err: this.err });
      });
    });
    // Whoever waits hears of it; nobody need wait.
    this.ended.catch(() => undefined);
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Ends it at once, by its own pid; resolves once it is gone. */
  async kill(): Promise<void> {
    if (this.isAlive) this.#child.kill("SIGKILL");
    await this.ended.catch(() => undefined);
  }

  /** Resolves with what matches on either stream; fails where it ends, or the time does, without saying it. */
  async says(pattern: RegExp, withinMs = 45_000): Promise<RegExpExecArray> {
    const until = performance.now() + withinMs;
    for (;;) {
      const alive = this.isAlive;
      const match = pattern.exec(this.out) ?? pattern.exec(this.err);
      if (match) return match;
      if (!alive || performance.now() > until) {
        throw new Error(`never said ${String(pattern)}: ${this.#said}\n${this.out}${this.err}`);
      }
      await new Promise((turn) => setTimeout(turn, 10));
    }
  }
}
