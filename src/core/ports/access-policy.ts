import type { Principal } from "./authenticator.js";

/** "process": start a job there, or change one. "read": see jobs and results of it. */
export type AccessAction = "read" | "process";

/** Decides what a principal may do below a path of the repository. */
export interface AccessPolicy {
  /**
   * False for a principal who may do nothing at all: such a caller reaches no endpoint, not even those that tell of no
   * path. @defaultValue everybody who is authenticated is admitted
   */
  admits?(principal: Principal): boolean | Promise<boolean>;

  /** Fails with `UNAVAILABLE` where it cannot find out; never guesses. */
  allows(principal: Principal, path: string, action: AccessAction): boolean | Promise<boolean>;
}
