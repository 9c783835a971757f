import type { Logger } from "winston";
import type Transport from "winston-transport";
import type { OpenHandlerLogger } from "../../core/engine/tools.js";
import type { HandlerLogger } from "../../core/ports/asset-handler.js";
import { jobLogTransport } from "./job-log-transport.js";
import { transportClass, winston } from "./winston.js";

/** Returns a transport that forwards lines to the host's logger. */
const hostTransport = (host: Logger, jobId: string): Transport =>
  new (transportClass())({
    log: (line: { level: string; message: unknown }, next: () => void) => {
      // As one object: in a separate message argument winston would expand %s and the like.
      host.log({ level: line.level, message: String(line.message), jobId });
      next();
    },
  });

/** Opens loggers for handlers, one per chunk, that write to the job's log and the host's. Created at the first line: most stay silent. */
export const handlerLoggers =
  (host: () => Logger): OpenHandlerLogger =>
  (job, sink) => {
    let made: Logger | undefined;
    const logger = (): Logger => {
      made ??= winston().createLogger({
        level: "debug",
        transports: [jobLogTransport(sink), hostTransport(host(), job.id)],
      });
      return made;
    };
    return {
      debug: (message) => void logger().debug(message),
      info: (message) => void logger().info(message),
      warn: (message) => void logger().warn(message),
      error: (message) => void logger().error(message),
    } satisfies HandlerLogger;
  };
