import { readFileSync } from "node:fs";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { JOB_STATUSES } from "../core/job/lifecycle.js";
import { invalidParameter } from "../core/errors.js";
import { applyConfigFile } from "./config-file.js";
import { EXIT, type ExitCode } from "./exit-codes.js";
import { reportError } from "./report-error.js";
import { chooseStoreOrServer } from "./store-or-server.js";
import type { Output } from "./output.js";

const assets = () =>
  new Option(
    "--assets <uri>",
    "where the assets live: folder:DIR[?mount=/path], sqlite:FILE, postgres://user:password@host/database, jcr+http://user:password@host:port[/base][?dialect=davex|sling&root=/path&status=/path&connections=N]",
  ).env("ASSETMILL_ASSETS");
const target = () =>
  new Option(
    "--target <uri>",
    "where JCR_TO_DB_MIGRATION writes: sqlite:FILE, postgres://user:password@host/database",
  ).env("ASSETMILL_TARGET");
const store = () =>
  new Option(
    "--store <uri>",
    "where the jobs live: sqlite:FILE, postgres://… (default: the database of --assets, else sqlite:assetmill.sqlite)",
  ).env("ASSETMILL_STORE");
const server = () =>
  new Option("--server <url>", "ask this running server, not a store: http://127.0.0.1:4599").env("ASSETMILL_SERVER");
const token = () =>
  new Option("--token <token>", "what the server wants of its callers: a bearer token, or name:password").env(
    "ASSETMILL_TOKEN",
  );
const plugin = () =>
  new Option("--plugin <file>", "a module with handlers of your own (repeatable)")
    .env("ASSETMILL_PLUGIN")
    .argParser(collect)
    .default([]);
const deadline = () =>
  new Option("--deadline <seconds>", "how long one asset may take (default: 60)")
    .env("ASSETMILL_DEADLINE")
    .argParser(seconds);
const json = () => new Option("--json", "results as JSON on standard output, one value a line");

function collect(value: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), value];
}

function whole(value: string): number {
  if (!/^\d{1,15}$/.test(value)) throw new InvalidArgumentError("must be a whole number from 0 on");
  return Number(value);
}

function seconds(value: string): number {
  if (/^\d{1,6}(\.\d{1,3})?$/.test(value) && Number(value) > 0) return Number(value);
  throw new InvalidArgumentError("must be seconds, more than 0");
}

/**
 * The command line. A command is loaded when it is run: most of them need little of all that there is. `ran` hears what to
 * exit with.
 */
export function buildProgram(output: Output, ran: (code: ExitCode) => void): Command {
  const program = new Command("assetmill");
  const run =
    <A extends unknown[]>(action: (...args: [...A, flags: never]) => Promise<ExitCode>) =>
    async (...args: unknown[]): Promise<void> => {
      const command = args.pop() as Command;
      const flags = command.opts();
      try {
        applyConfigFile(command);
        chooseStoreOrServer(command);
        ran(await action(...([...args.slice(0, -1), command.opts()] as unknown as [...A, never])));
      } catch (error) {
        ran(reportError(error, flags.json === true, output));
      }
    };

  program
    .description("Durable, resumable batch post-processing of asset trees")
    .version(version())
    .exitOverride()
    .configureOutput({ writeErr: (text) => output.say(text.trimEnd()) });

  program
    .command("process")
    .description("process everything below PATH to the end; repeated, it goes on with the interrupted job")
    .argument("<path>", "repository path of a folder or a single asset")
    .addOption(assets())
    .addOption(store())
    .addOption(target())
    .option("--type <type>", "job type", "ASSET_PROCESSING")
    .option("--exclude <path>", "leave this path out, and all below (repeatable)", collect, [])
    .addOption(plugin())
    .option("--file-type <type>", "only this file type, e.g. DITATOPIC (repeatable)", collect, [])
    .option("--created-after <date>", "only assets created at or after this")
    .option("--created-before <date>", "only assets created at or before this")
    .option("--only-changed", "leave out what is processed and has not changed since")
    .option("--max-failures <n|n%>", "give up once more assets than this failed")
    .option("--dry-run", "only say what would be processed; writes nothing")
    .option("--concurrency <n>", "assets in flight at once (default: 8)", whole)
    .addOption(deadline())
    .option("--chunk-size <n>", "assets claimed and committed together (default: 500)", whole)
    .addOption(json())
    .action(
      run<[string]>(async (path, flags) => (await import("./commands/process.js")).processCommand(path, flags, output)),
    );

  program
    .command("serve")
    .description("serve the HTTP API and work on all jobs")
    .addOption(assets())
    .addOption(store())
    .addOption(target())
    .addOption(plugin())
    .addOption(
      new Option("--host <host>", "address to listen on; other than loopback only with basic, jwt or server")
        .env("ASSETMILL_HOST")
        .default("127.0.0.1"),
    )
    .addOption(
      new Option("--port <n>", "port to listen on; 0 takes a free one")
        .env("ASSETMILL_PORT")
        .argParser(whole)
        .default(4599),
    )
    .addOption(
      new Option("--auth <spec>", "who may call: token, none, basic:FILE, jwt:FILE, server, server:URL")
        .env("ASSETMILL_AUTH")
        .default("token"),
    )
    .addOption(deadline())
    .addOption(
      new Option("--retain-days <n>", "delete jobs that ended so many days ago (default: never)")
        .env("ASSETMILL_RETAIN_DAYS")
        .argParser(whole),
    )
    .addOption(
      new Option("--retain-jobs <n>", "keep so many ended jobs, the newest (default: all)")
        .env("ASSETMILL_RETAIN_JOBS")
        .argParser(whole),
    )
    .option("--config <file>", "JSON file with any of these options")
    .addOption(json())
    .action(run<[]>(async (flags) => (await import("./commands/serve.js")).serveCommand(flags, output)));

  const onJob = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .argument("<id>", "the job's processingId")
      .addOption(store())
      .addOption(server())
      .addOption(token())
      .addOption(json());

  onJob("status", "how a job stands").action(
    run<[string]>(async (id, flags) => (await import("./commands/jobs.js")).statusCommand(id, flags, output)),
  );
  onJob("logs", "a job's log")
    .option("--offset <n>", "number of the first line, from 0", whole)
    .option("--limit <n>", "at most so many lines", whole)
    .option("--tail <n>", "the last lines", whole)
    .action(run<[string]>(async (id, flags) => (await import("./commands/reports.js")).logsCommand(id, flags, output)));
  onJob("failures", "every asset that failed or was skipped, and why").action(
    run<[string]>(async (id, flags) => (await import("./commands/reports.js")).failuresCommand(id, flags, output)),
  );
  onJob("outcomes", "every asset and how it ended").action(
    run<[string]>(async (id, flags) => (await import("./commands/reports.js")).outcomesCommand(id, flags, output)),
  );
  for (const [action, description] of [
    ["cancel", "end a job"],
    ["pause", "let a job rest, until it is resumed"],
    ["resume", "go on with a paused, failed or cancelled job"],
    ["restart", "a new job with the request of an ended one"],
    ["retry-failed", "a new job over exactly the failed assets of an ended one"],
  ] as const) {
    onJob(action, description).action(
      run<[string]>(async (id, flags) => (await import("./commands/jobs.js")).actionCommand(action, id, flags, output)),
    );
  }

  program
    .command("history")
    .description("the last jobs, newest first")
    .option("--limit <n>", "at most so many (default: 20)", whole)
    .option("--before <id>", "only jobs created before this one")
    .addOption(new Option("--status <status>", "only jobs that stand so").choices(JOB_STATUSES))
    .option("--type <type>", "only jobs of this type")
    .option("--path <path>", "only jobs of which a root is this path or lies below it")
    .option("--created-by <name>", "only jobs that this caller started")
    .addOption(store())
    .addOption(server())
    .addOption(token())
    .addOption(json())
    .action(run<[]>(async (flags) => (await import("./commands/jobs.js")).historyCommand(flags, output)));

  program
    .command("show")
    .description("what processing wrote about an asset")
    .argument("<path>", "repository path of the asset")
    .addOption(assets())
    .addOption(store())
    .addOption(json())
    .action(
      run<[string]>(async (path, flags) => (await import("./commands/show.js")).showCommand(path, flags, output)),
    );

  program
    .command("import")
    .description("copy what is in FOLDER to PATH of a repository; repeated, it goes on where it was")
    .argument("<folder>", "folder on this machine")
    .argument("<path>", "repository path: FOLDER/a/b.dita becomes PATH/a/b.dita")
    .addOption(
      new Option(
        "--assets <uri>",
        "where to: sqlite:FILE, postgres://user:password@host/database, jcr+http://user:password@host:port[/base][?dialect=davex|sling&root=/path&status=/path&connections=N]",
      ).env("ASSETMILL_ASSETS"),
    )
    .addOption(json())
    .action(
      run<[string, string]>(async (folder, path, flags) =>
        (await import("./commands/import.js")).importCommand(folder, path, flags, output),
      ),
    );

  program
    .command("hash-password")
    .description("a line for the file of serve --auth basic:FILE; reads the password from standard input")
    .argument("<name>", "the user's name")
    .action(
      run<[string]>(async (name) => (await import("./commands/hash-password.js")).hashPasswordCommand(name, output)),
    );

  return program;
}

/** Runs one command line; answers what to exit with. */
export async function runProgram(argv: readonly string[], output: Output): Promise<ExitCode> {
  let code: ExitCode = EXIT.refused;
  try {
    await buildProgram(output, (ended) => {
      code = ended;
    }).parseAsync([...argv], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportError(error, argv.includes("--json"), output);
    // Help and version end well; anything else was wrong usage, and commander has said so.
    if (error.exitCode === 0) return EXIT.success;
    if (argv.includes("--json")) reportError(invalidParameter("command line", error.message), true, output);
    return EXIT.refused;
  }
  return code;
}

const version = (): string =>
  (JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string }).version;
