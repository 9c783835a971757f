import { readFileSync } from "node:fs";
import type { Command, Option } from "commander";
import { invalidParameter, messageOf } from "../core/errors.js";
import { suggestion } from "../core/operator/unknown-name.js";

/**
 * Applies options from the JSON file that `--config` names, keyed by their long names (`{ "port": 4600 }`). Precedence:
 * flag, environment, file, default.
 */
export function applyConfigFile(command: Command): void {
  const file: unknown = command.getOptionValue("config");
  if (typeof file !== "string") return;
  for (const [name, value] of Object.entries(readConfig(file))) {
    const option = command.options.find((known) => known.long === `--${name}` && name !== "config");
    if (!option) {
      const known = command.options.flatMap(({ long }) => (long && long !== "--config" ? [long.slice(2)] : []));
      const message = `${file}: "${name}" is not an option of this command${suggestion(name, known)}`;
      throw invalidParameter("config", message);
    }
    const key = option.attributeName();
    const source = command.getOptionValueSource(key);
    if (source === "cli" || source === "env") continue;
    command.setOptionValueWithSource(key, typed(value, option, name, file), "config");
  }
}

function readConfig(file: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (error) {
    throw invalidParameter("config", `${file}: ${messageOf(error)}`);
  }
  throw invalidParameter("config", `${file} must contain one JSON object`);
}

/** Numeric options without a default. */
const NUMBERS: ReadonlySet<string> = new Set(["deadline", "retain-days", "retain-jobs", "trust-proxy"]);

/** Returns the value if it has the option's type. */
function typed(value: unknown, option: Option, name: string, file: string): unknown {
  const like: unknown = option.defaultValue;
  if (Array.isArray(like)) {
    const list = Array.isArray(value) ? value : [value];
    if (list.every((item) => typeof item === "string")) return list;
    throw invalidParameter("config", `${file}: "${name}" must be a string or an array of strings`);
  }
  const isFlag = option.negate || option.isBoolean();
  const type = typeof like === "number" || NUMBERS.has(name) ? "number" : isFlag ? "boolean" : "string";
  if (typeof value === type) return option.negate ? value !== true : value;
  throw invalidParameter("config", `${file}: "${name}" must be a ${type}`);
}
