export { handlerLoggers } from "./handler-logger.js";
export { createHostLogger } from "./host-logger.js";
