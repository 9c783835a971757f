import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type * as program from "../../src/cli/program.js";
import { COMMAND, type Ended, RunningCommand } from "./running-command.js";

export const TOPIC = '<topic id="t"><title>T</title></topic>';

/** The sample trees, as `--assets` takes them. */
export const SAMPLE = `folder:${path.resolve(process.cwd(), "examples/sample")}?mount=/content/dam/espresso`;
export const BROKEN = `folder:${path.resolve(process.cwd(), "examples/broken")}?mount=/content/dam/broken`;

const PROGRAM = path.resolve(process.cwd(), "dist/cli/program.js");

/** The built library, for child processes to import. */
export const LIBRARY = path.resolve(process.cwd(), "dist/index.js");

/** One line of a journal plugin. */
export interface JournalLine {
  readonly event: "begin" | "end" | "abort";
  readonly path: string;
  readonly pid: number;
  /** Epoch milliseconds. */
  readonly at: number;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly withinMs?: number;
}

/** A temporary folder to work in, and the commands that run in it. */
export class Workbench {
  readonly folder = realpathSync(mkdtempSync(path.join(tmpdir(), "assetmill-test-")));
  readonly store = `sqlite:${this.path("store.sqlite")}`;
  readonly journal = this.path("journal");
  readonly #commands = new Set<RunningCommand>();

  path(...names: readonly string[]): string {
    return path.join(this.folder, ...names);
  }

  has(name: string): boolean {
    return existsSync(this.path(name));
  }

  /** Answers the file's absolute path. */
  write(name: string, content: string): string {
    const file = this.path(name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
    return file;
  }

  /** A tree of these files below /content/dam/t, as `--assets` takes it. */
  tree(files: Readonly<Record<string, string>>, name = "tree"): string {
    mkdirSync(this.path(name), { recursive: true });
    for (const [file, content] of Object.entries(files)) this.write(path.join(name, file), content);
    return `folder:${this.path(name)}?mount=/content/dam/t`;
  }

  /** A tree of so many small topics, a thousand a folder. */
  topics(count: number, name = "tree"): string {
    const files = Array.from({ length: count }, (_, i) => {
      const number = String(i).padStart(6, "0");
      return [`f${number.slice(0, 3)}/a${number}.dita`, TOPIC] as const;
    });
    return this.tree(Object.fromEntries(files), name);
  }

  /** A plugin that takes so long for each asset and records each call, its end and whether it was told to stop. */
  journalPlugin({ delayMs, heeds = true }: { delayMs: number; heeds?: boolean }): string {
    appendFileSync(this.journal, "");
    return this.write(
      `journal-${delayMs}-${heeds}.mjs`,
      `import { appendFileSync } from "node:fs";
       const say = (event, { path }) =>
         appendFileSync(${JSON.stringify(this.journal)},
           JSON.stringify({ event, path, pid: process.pid, at: Date.now() }) + "\\n");
       export default {
         name: "journal", version: "1",
         async process(asset, { signal }) {
           say("begin", asset);
           await new Promise((over) => {
             const timer = setTimeout(over, ${delayMs});
             signal.addEventListener("abort", () => {
               say("abort", asset);
               if (${heeds}) { clearTimeout(timer); over(); }
             });
           });
           if (${heeds}) signal.throwIfAborted();
           say("end", asset);
         },
       };`,
    );
  }

  journalled(event?: JournalLine["event"]): readonly JournalLine[] {
    if (!existsSync(this.journal)) return [];
    // Of a line that is being written just now, a part may be there already.
    const lines = readFileSync(this.journal, "utf8").split("\n").slice(0, -1);
    const all = lines.map((line) => JSON.parse(line) as JournalLine);
    return event === undefined ? all : all.filter((line) => line.event === event);
  }

  /** Starts `assetmill`; ended in `dispose` at the latest. */
  start(args: readonly string[], options: RunOptions = {}): RunningCommand {
    return this.#begin(process.execPath, [COMMAND, ...args], options);
  }

  /** Runs `assetmill` to its end. */
  run(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
    return this.start(args, options).ended;
  }

  /**
   * Runs the built command line in this process: a hundred times cheaper than a process of its own. Relative files are
   * of this process's working folder, and what main.ts adds (harmless characters, signals' end) is not there.
   */
  async call(args: readonly string[]): Promise<Ended> {
    const said = { out: "", err: "" };
    const { runProgram } = (await import(pathToFileURL(PROGRAM).href)) as typeof program;
    const code = await runProgram(args, {
      line: (text) => void (said.out += `${text}\n`),
      json: (value) => void (said.out += `${JSON.stringify(value)}\n`),
      say: (text) => void (said.err += `${text}\n`),
      isTerminal: false,
      err: process.stderr,
    });
    return { code, signal: null, ...said };
  }

  /** Runs a line of shell to its end; `$node` and `$assetmill` stand for the two files. */
  shell(line: string, options: RunOptions = {}): Promise<Ended> {
    const env = { node: process.execPath, assetmill: COMMAND, ...options.env };
    return this.#begin("bash", ["-c", line], { ...options, env }).ended;
  }

  /** Starts a script of a host; ended in `dispose` at the latest. */
  startNode(script: string, options: RunOptions = {}): RunningCommand {
    return this.#begin(process.execPath, [script], options);
  }

  /** Runs a script of a host to its end. */
  node(script: string, options: RunOptions = {}): Promise<Ended> {
    return this.startNode(script, options).ended;
  }

  /** What a command says of this store, in this process; success is expected. Its lines, parsed. */
  async ask(...args: readonly string[]): Promise<readonly any[]> {
    const ended = await this.call([...args, "--store", this.store, "--json"]);
    if (ended.code !== 0) throw new Error(`${args.join(" ")} ended with ${ended.code}: ${ended.out}${ended.err}`);
    return jsonLines(ended);
  }

  /** Kills what still runs, and takes the folder away. */
  async dispose(): Promise<void> {
    await Promise.all([...this.#commands].map((command) => command.kill()));
    rmSync(this.folder, { recursive: true, force: true });
  }

  #begin(file: string, args: readonly string[], { cwd = this.folder, ...options }: RunOptions): RunningCommand {
    const command = new RunningCommand(file, args, { cwd, ...options });
    this.#commands.add(command);
    return command;
  }
}

/** The lines of standard output, without the last, empty one. */
export const linesOf = ({ out }: Pick<Ended, "out">): readonly string[] => {
  const lines = out.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
};

/** Standard output as JSON, a value a line; fails where a line is anything else. */
export const jsonLines = (ended: Pick<Ended, "out">): readonly any[] => linesOf(ended).map((line) => JSON.parse(line));

/** Every handled path that was begun more than once. */
export const handledTwice = (journal: readonly JournalLine[]): readonly string[] => {
  const seen = new Set<string>();
  const begun = journal.filter(({ event }) => event === "begin").map((line) => line.path);
  return begun.filter((asset) => seen.size === seen.add(asset).size);
};

/** Resolves with the first truthy answer; fails, naming what was waited for, where there is none in time. */
export async function until<T>(what: string, ask: () => T | Promise<T>, withinMs = 45_000): Promise<NonNullable<T>> {
  const end = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (performance.now() > end) throw new Error(`waited ${withinMs} ms in vain for: ${what}`);
    await new Promise((turn) => setTimeout(turn, 20));
  }
}

/** Answers in order, with so many at work at a time: each command takes about a second of a core. */
export async function severally<T, R>(items: readonly T[], work: (item: T) => Promise<R>, atOnce = 3): Promise<R[]> {
  const answers: R[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let i = next++; i < items.length; i = next++) answers[i] = await work(items[i] as T);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return answers;
}
