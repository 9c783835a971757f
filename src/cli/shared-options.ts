import { InvalidArgumentError, Option } from "commander";
import { ENGINE_DEFAULTS } from "../options.js";

/** Options that several commands take, and parsers of their values. */

export const assets = () =>
  new Option(
    "--assets <uri>",
    "where the assets are: folder:DIR[?mount=/path&hidden=true], sqlite:FILE, postgres://user:password@host/database, jcr+http://user:password@host:port[/base][?dialect=davex|sling&root=/path&status=/path&connections=N]",
  ).env("ASSETMILL_ASSETS");
export const target = () =>
  new Option(
    "--target <uri>",
    "where JCR_TO_DB_MIGRATION writes to: sqlite:FILE, postgres://user:password@host/database",
  ).env("ASSETMILL_TARGET");
export const store = () =>
  new Option(
    "--store <uri>",
    "where the jobs are kept: sqlite:FILE, postgres://… (default: the database of --assets, else sqlite:assetmill.sqlite)",
  ).env("ASSETMILL_STORE");
export const server = () =>
  new Option(
    "--server <url>",
    "use the jobs of this running server instead of a store, e.g. http://127.0.0.1:4599",
  ).env("ASSETMILL_SERVER");
export const token = () =>
  new Option("--token <token>", "credentials for the server: a bearer token, or name:password").env("ASSETMILL_TOKEN");
export const plugin = () =>
  new Option("--plugin <file>", "ES module with your own handlers (repeatable)")
    .env("ASSETMILL_PLUGIN")
    .argParser(collect)
    .default([]);
export const noBuiltIns = () => new Option("--no-built-ins", "run only the handlers of --plugin");
export const deadline = () =>
  new Option("--deadline <seconds>", `time limit for one asset (default: ${ENGINE_DEFAULTS.deadlineMs / 1_000})`)
    .env("ASSETMILL_DEADLINE")
    .argParser(seconds);
export const json = () => new Option("--json", "print results as JSON on standard output, one value per line");

export function collect(value: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), value];
}

export function integer(value: string): number {
  if (!/^\d{1,15}$/.test(value)) throw new InvalidArgumentError("must be an integer, 0 or more");
  return Number(value);
}

/** Parses a limit that may not be 0. */
export function count(value: string): number {
  if (!/^[1-9]\d{0,14}$/.test(value)) throw new InvalidArgumentError("must be an integer, 1 or more");
  return Number(value);
}

function seconds(value: string): number {
  if (/^\d{1,6}(\.\d{1,3})?$/.test(value) && Number(value) > 0) return Number(value);
  throw new InvalidArgumentError("must be a number of seconds, more than 0");
}
