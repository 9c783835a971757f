import type { Command } from "commander";
import { invalidParameter } from "../core/errors.js";

/**
 * Decides whether the command addresses a store or a server. A flag overrides the other one's environment variable. Two
 * flags, or two variables, are refused: cancelling a job in the wrong place is worse than refusing. An empty variable
 * counts as unset.
 */
export function chooseStoreOrServer(command: Command): void {
  const sourceOf = (option: string): string | undefined => command.getOptionValueSource(option);
  const unset = (option: string): void => void command.setOptionValue(option, undefined);
  for (const option of ["store", "server", "token"]) {
    if (sourceOf(option) === "env" && command.getOptionValue(option) === "") unset(option);
  }
  const [store, server] = [sourceOf("store"), sourceOf("server")];
  if (store !== undefined && server !== undefined) {
    if (store === server) throw invalidParameter("server", "--store and --server cannot be combined; give one of them");
    unset(store === "cli" ? "server" : "store");
  }
  if (sourceOf("token") === "cli" && command.getOptionValue("server") === undefined) {
    throw invalidParameter("token", "requires --server");
  }
}
