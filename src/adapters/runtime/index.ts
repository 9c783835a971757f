export { randomIds, sha256 } from "./crypto.js";
export { ProcessIdentity } from "./process-identity.js";
export { systemClock } from "./system-clock.js";
