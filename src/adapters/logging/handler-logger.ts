import { createLogger, type Logger } from "winston";
import Transport from "winston-transport";
import type { OpenHandlerLogger } from "../../core/engine/tools.js";
import type { HandlerLogger } from "../../core/ports/asset-handler.js";
import { JobLogTransport } from "./job-log-transport.js";

/** Forwards lines to the host's logger. */
class HostTransport extends Transport {
  readonly #host: Logger;
  readonly #jobId: string;

  constructor(host: Logger, jobId: string) {
    super();
    this.#host = host;
    this.#jobId = jobId;
  }

  override log(line: { level: string; message: unknown }, next: () => void): void {
    // As one object: in a separate message argument winston would expand %s and the like.
    this.#host.log({ level: line.level, message: String(line.message), jobId: this.#jobId });
    next();
  }
}

/** Opens loggers for handlers, one per chunk, that write to the job's log and the host's. Created at the first line: most stay silent. */
export const handlerLoggers =
  (host: Logger): OpenHandlerLogger =>
  (job, sink) => {
    let made: Logger | undefined;
    const logger = (): Logger => {
      made ??= createLogger({
        level: "debug",
        transports: [new JobLogTransport(sink), new HostTransport(host, job.id)],
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
