import type { Principal } from "./authenticator.js";

/** "process": start a job there, or change one. "read": see jobs and results of it. */
export type AccessAction = "read" | "process";

/** Decides what a principal may do below a path of the repository. */
export interface AccessPolicy {
  /** Fails with `UNAVAILABLE` where it cannot find out; never guesses. */
  allows(principal: Principal, path: string, action: AccessAction): boolean | Promise<boolean>;
}
