import { userInfo } from "node:os";

/** Returns the operating system's user name, recorded as `createdBy` of jobs started from the command line. */
export function osUserName(): string {
  try {
    return userInfo().username || "unknown";
  } catch {
    // In a container, the uid may have no name.
    return "unknown";
  }
}
