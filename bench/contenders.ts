import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Answer, Task, WorkName } from "./contender.js";
import type { Run } from "./figures.js";

/** A process that runs one kind of work each time it is asked to, and stays warm in between. */
export class Contender {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #readline: Interface;

  /** `command` reads a task a line from standard input, and answers each with a line of JSON. */
  constructor(command: string, args: readonly string[]) {
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#child = child;
    this.#readline = createInterface({ input: child.stdout });
    this.#lines = this.#readline[Symbol.asyncIterator]();
    // A process that is gone is seen by its missing answer.
    child.on("error", () => this.#readline.close());
    child.stdin.on("error", () => {});
  }

  /** One of the works in contender.ts. */
  static of(work: WorkName): Contender {
    return new Contender(process.execPath, [fileURLToPath(new URL("contender.js", import.meta.url)), work]);
  }

  /** Runs one task. A failure, also of the process, is an answer. */
  run({ count, ...place }: Task): Promise<Run> {
    return this.ask(JSON.stringify({ count, ...place }), count);
  }

  /** Sends a line; the answer is that of a run over so many assets. */
  async ask(line: string, wanted: number): Promise<Run> {
    this.#child.stdin?.write(`${line}\n`);
    const next = (await this.#lines.next()) as IteratorResult<string, undefined>;
    if (next.done) return { failed: "its process ended" };
    const answer = JSON.parse(next.value) as Answer;
    return "failed" in answer ? answer : { wanted, handled: answer.handled, seconds: answer.seconds };
  }

  /** Peak resident memory of the process since it started, in MB. Undefined where the system does not tell. */
  async peakMb(): Promise<number | undefined> {
    const status = await readFile(`/proc/${this.#child.pid}/status`, "utf8").catch(() => "");
    const kib = /VmHWM:\s+(\d+)/.exec(status)?.[1];
    return kib === undefined ? undefined : Math.round(Number(kib) / 1_024);
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null || this.#child.pid === undefined) return;
    const ended = once(this.#child, "exit");
    this.#child.stdin?.end();
    const patience = setTimeout(() => this.#child.kill("SIGKILL"), 10_000);
    await ended;
    clearTimeout(patience);
  }
}
