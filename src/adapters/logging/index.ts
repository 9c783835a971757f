export { handlerLoggers } from "./handler-logger.js";
export { createHostLogger, type HostLogLevel } from "./host-logger.js";
export { JobLogTransport } from "./job-log-transport.js";
