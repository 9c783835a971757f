import type { Command } from "commander";
import { invalidParameter } from "../core/errors.js";

/**
 * Jobs are in a store or behind a server. A flag puts the other one's environment variable aside; two flags, or two
 * variables, are refused: a job that is cancelled in the wrong place is worse than none. An empty variable is none.
 */
export function chooseStoreOrServer(command: Command): void {
  const sourceOf = (option: string): string | undefined => command.getOptionValueSource(option);
  const putAside = (option: string): void => void command.setOptionValue(option, undefined);
  for (const option of ["store", "server", "token"]) {
    if (sourceOf(option) === "env" && command.getOptionValue(option) === "") putAside(option);
  }
  const [store, server] = [sourceOf("store"), sourceOf("server")];
  if (store !== undefined && server !== undefined) {
    if (store === server) throw invalidParameter("server", "--store and --server exclude each other; give one of them");
    putAside(store === "cli" ? "server" : "store");
  }
  if (sourceOf("token") === "cli" && command.getOptionValue("server") === undefined) {
    throw invalidParameter("token", "is for a server; name it with --server");
  }
}
