import type { Principal } from "./authenticator.js";

/** "process": start or change jobs on a path. "read": see the path's jobs and results. */
export type AccessAction = "read" | "process";

/** Decides what a principal may do below a path of the repository. */
export interface AccessPolicy {
  /**
   * Returns whether the principal may use the API at all. If not, every endpoint refuses the caller, including those
   * that concern no path. @defaultValue every authenticated principal is admitted
   */
  admits?(principal: Principal): boolean | Promise<boolean>;

  /** Returns whether the action is allowed. Throws `UNAVAILABLE` if that cannot be determined; never guesses. */
  allows(principal: Principal, path: string, action: AccessAction): boolean | Promise<boolean>;
}
