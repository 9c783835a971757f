import { readFileSync } from "node:fs";
import { Command, CommanderError, Option } from "commander";
import { JOB_STATUSES } from "../core/job/lifecycle.js";
import { LOG_LEVELS } from "../core/job/log-entry.js";
import { invalidParameter } from "../core/errors.js";
import { MAX_ACTIVE_JOBS } from "../core/operator/active-jobs.js";
import { HISTORY_PAGE } from "../core/job/page-limits.js";
import { ENGINE_DEFAULTS } from "../options.js";
import { applyConfigFile } from "./config-file.js";
import { EXIT, type ExitCode } from "./exit-codes.js";
import { inFlagNames } from "./flag-names.js";
import { reportError } from "./report-error.js";
import {
  assets,
  collect,
  count,
  deadline,
  integer,
  json,
  noBuiltIns,
  plugin,
  server,
  store,
  target,
  token,
} from "./shared-options.js";
import { chooseStoreOrServer } from "./store-or-server.js";
import type { Output } from "./output.js";

/**
 * Builds the command line. Each command's module is loaded only when it runs, to start fast. `ran` receives the exit code.
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
        ran(reportError(inFlagNames(error, flags), flags.json === true, output));
      }
    };

  program
    .description("Durable, resumable batch post-processing of asset trees")
    .version(version())
    .exitOverride()
    .configureOutput({ writeErr: (text) => output.say(text.trimEnd()) });

  program
    .command("process")
    .description("Process all assets under PATH. Run again to resume an interrupted job.")
    .argument("[path]", "repository path of a folder or of a single asset")
    .option("--job <id>", "run this waiting or resumed job of the store, instead of a path")
    .addOption(assets())
    .addOption(store())
    .addOption(target())
    .option("--type <type>", "job type", "ASSET_PROCESSING")
    .option("--exclude <path>", "exclude this path and everything below it, no patterns (repeatable)", collect, [])
    .addOption(plugin())
    .addOption(noBuiltIns())
    .option("--file-type <type>", "process only this file type, e.g. DITATOPIC (repeatable)", collect, [])
    .option("--created-after <date>", "process only assets created on this day (UTC) or later; also 2026-01-31T08:00Z")
    .option(
      "--created-before <date>",
      "process only assets created on this day (UTC) or earlier; also 2026-01-31T08:00Z",
    )
    .option("--only-changed", "skip assets that have not changed since they were processed")
    .option("--max-failures <n|n%>", "stop the job once more than this many assets have failed")
    .option(
      "--fail-on-warnings",
      "exit with 1 if there are warnings about the assets processed, as if these had failed",
    )
    .option("--dry-run", "show what would be processed; write nothing")
    .option("--concurrency <n>", `assets processed at once (default: ${ENGINE_DEFAULTS.concurrency})`, integer)
    .addOption(deadline())
    .option(
      "--chunk-size <n>",
      `assets claimed and committed together (default: ${ENGINE_DEFAULTS.chunkSize})`,
      integer,
    )
    .addOption(json())
    .action(
      run<[string | undefined]>(async (path, flags) =>
        (await import("./commands/process.js")).processCommand(path, flags, output),
      ),
    );

  program
    .command("serve")
    .description("Serve the HTTP API and work on all jobs.")
    .addOption(assets())
    .addOption(store())
    .addOption(target())
    .addOption(plugin())
    .addOption(noBuiltIns())
    .addOption(
      new Option("--host <host>", "address to listen on; --auth token and none allow loopback only")
        .env("ASSETMILL_HOST")
        .default("127.0.0.1"),
    )
    .addOption(
      new Option("--port <n>", "port to listen on; 0 picks a free one")
        .env("ASSETMILL_PORT")
        .argParser(integer)
        .default(4599),
    )
    .addOption(
      new Option("--auth <spec>", "how callers authenticate: token, none, basic:FILE, jwt:FILE, server, server:URL")
        .env("ASSETMILL_AUTH")
        .default("token"),
    )
    .addOption(
      new Option(
        "--rate-limit <rate>",
        "answer 429 to a caller's requests beyond this rate, e.g. 20/s, 600/min, 1000/h (default: no limit)",
      ).env("ASSETMILL_RATE_LIMIT"),
    )
    .addOption(
      new Option(
        "--login-limit <rate>",
        "answer 429 to failed logins from an address beyond this rate, e.g. 10/min (default: as --rate-limit)",
      ).env("ASSETMILL_LOGIN_LIMIT"),
    )
    .addOption(
      new Option(
        "--trust-proxy <n>",
        "number of proxies in front whose X-Forwarded-For says where a caller is (default: 0)",
      )
        .env("ASSETMILL_TRUST_PROXY")
        .argParser(integer),
    )
    .addOption(deadline())
    .addOption(
      new Option("--retain-days <n>", "delete jobs that ended more than this many days ago (default: never)")
        .env("ASSETMILL_RETAIN_DAYS")
        .argParser(integer),
    )
    .addOption(
      new Option("--retain-jobs <n>", "keep only this many ended jobs, the newest (default: all)")
        .env("ASSETMILL_RETAIN_JOBS")
        .argParser(integer),
    )
    .addOption(
      new Option("--max-active-jobs <n>", "refuse to start more jobs while this many have not ended")
        .env("ASSETMILL_MAX_ACTIVE_JOBS")
        .argParser(count)
        .default(MAX_ACTIVE_JOBS),
    )
    .option("--config <file>", "read any of these options from a JSON file")
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

  onJob("status", "Show a job's status.").action(
    run<[string]>(async (id, flags) => (await import("./commands/jobs.js")).statusCommand(id, flags, output)),
  );
  onJob("logs", "Show a job's log.")
    .option("--offset <n>", "start at this line, counted from 0", integer)
    .option("--limit <n>", "show at most this many lines", integer)
    .option("--tail <n>", "show the last lines only", integer)
    .addOption(new Option("--level <level>", "show only lines of this level, e.g. WARN").choices(LOG_LEVELS))
    .action(run<[string]>(async (id, flags) => (await import("./commands/reports.js")).logsCommand(id, flags, output)));
  onJob("failures", "List every asset that failed or was skipped, and why.").action(
    run<[string]>(async (id, flags) => (await import("./commands/reports.js")).failuresCommand(id, flags, output)),
  );
  onJob("outcomes", "List every asset and its outcome.").action(
    run<[string]>(async (id, flags) => (await import("./commands/reports.js")).outcomesCommand(id, flags, output)),
  );
  for (const [action, description] of [
    ["cancel", "Cancel a job."],
    ["pause", "Pause a job."],
    ["resume", "Resume a paused, failed or cancelled job."],
    ["restart", "Start a new job with the request of an ended one."],
    ["retry-failed", "Start a new job over only the failed assets of an ended one."],
  ] as const) {
    onJob(action, description).action(
      run<[string]>(async (id, flags) => (await import("./commands/jobs.js")).actionCommand(action, id, flags, output)),
    );
  }

  program
    .command("history")
    .description("List jobs, newest first.")
    .option("--limit <n>", `list at most this many (default: ${HISTORY_PAGE.default})`, integer)
    .option("--before <id>", "list only jobs created before this one")
    .addOption(new Option("--status <status>", "list only jobs with this status").choices(JOB_STATUSES))
    .option("--type <type>", "list only jobs of this type")
    .option("--path <path>", "list only jobs with a root at or below this path")
    .option("--created-by <name>", "list only jobs started by this caller")
    .addOption(store())
    .addOption(server())
    .addOption(token())
    .addOption(json())
    .action(run<[]>(async (flags) => (await import("./commands/jobs.js")).historyCommand(flags, output)));

  program
    .command("show")
    .description("Show what processing wrote about an asset.")
    .argument("<path>", "repository path of the asset")
    .addOption(assets())
    .addOption(store())
    .addOption(json())
    .action(
      run<[string]>(async (path, flags) => (await import("./commands/show.js")).showCommand(path, flags, output)),
    );

  program
    .command("import")
    .description("Copy FOLDER into a repository under PATH. Run again to resume an interrupted import.")
    .argument("<folder>", "folder on this machine")
    .argument("<path>", "repository path; FOLDER/a/b.dita becomes PATH/a/b.dita")
    .addOption(
      new Option(
        "--assets <uri>",
        "where to copy to: sqlite:FILE, postgres://user:password@host/database, jcr+http://user:password@host:port[/base][?dialect=davex|sling&root=/path&status=/path&connections=N]",
      ).env("ASSETMILL_ASSETS"),
    )
    .option("--hidden", "also copy hidden files and folders: .NAME, ~$NAME, Thumbs.db, __MACOSX")
    .addOption(json())
    .action(
      run<[string, string]>(async (folder, path, flags) =>
        (await import("./commands/import.js")).importCommand(folder, path, flags, output),
      ),
    );

  program
    .command("hash-password")
    .description("Print a line for the file of serve --auth basic:FILE. Reads the password from standard input.")
    .argument("<name>", "the user's name")
    .action(
      run<[string]>(async (name) => (await import("./commands/hash-password.js")).hashPasswordCommand(name, output)),
    );

  return program;
}

/** Runs one command line and returns the exit code. */
export async function runProgram(argv: readonly string[], output: Output): Promise<ExitCode> {
  let code: ExitCode = EXIT.refused;
  try {
    await buildProgram(output, (ended) => {
      code = ended;
    }).parseAsync([...argv], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportError(error, argv.includes("--json"), output);
    // Help and version succeed. Anything else is wrong usage, which commander has already reported.
    if (error.exitCode === 0) return EXIT.success;
    if (argv.includes("--json")) reportError(invalidParameter("command line", error.message), true, output);
    return EXIT.refused;
  }
  return code;
}

const version = (): string =>
  (JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string }).version;
