export { randomIds, sha256 } from "./crypto.js";
export { HostProbe } from "./host-probe.js";
export { ProcessIdentity } from "./process-identity.js";
export { systemClock } from "./system-clock.js";
export { startWatchdog } from "./watchdog.js";
