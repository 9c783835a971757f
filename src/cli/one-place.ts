import type { Command } from "commander";
import { invalidParameter } from "../core/errors.js";

/**
 * Jobs are in a store or behind a server. A flag puts the other one's environment variable aside; two flags, or two
 * variables, are refused: a job that is cancelled in the wrong place is worse than none.
 */
export function chooseOnePlace(command: Command): void {
  const store = command.getOptionValueSource("store");
  const server = command.getOptionValueSource("server");
  if (store !== undefined && server !== undefined) {
    if (store === server) throw invalidParameter("server", "--store and --server exclude each other; give one of them");
    command.setOptionValue(store === "cli" ? "server" : "store", undefined);
  }
  if (command.getOptionValueSource("token") === "cli" && command.getOptionValue("server") === undefined) {
    throw invalidParameter("token", "is for a server; name it with --server");
  }
}
