import { userInfo } from "node:os";

/** The name that jobs started from this command carry. */
export function osUserName(): string {
  try {
    return userInfo().username || "unknown";
  } catch {
    // A container's uid may have no name.
    return "unknown";
  }
}
