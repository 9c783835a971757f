import { createLogger, type Logger } from "winston";
import Transport from "winston-transport";
import type { OpenHandlerLogger } from "../../core/engine/tools.js";
import type { HandlerLogger } from "../../core/ports/asset-handler.js";
import { JobLogTransport } from "./job-log-transport.js";

/** Hands lines on to the host's logger, whatever that does with them. */
class HostTransport extends Transport {
  readonly #host: Logger;
  readonly #jobId: string;

  constructor(host: Logger, jobId: string) {
    super();
    this.#host = host;
    this.#jobId = jobId;
  }

  override log(line: { level: string; message: unknown }, next: () => void): void {
    // As one object: winston would take %s and the like in a message of its own for placeholders.
    this.#host.log({ level: line.level, message: String(line.message), jobId: this.#jobId });
    next();
  }
}

/** Loggers for handlers, one a chunk: into the job's log, and to the host. Made at the first line: most say nothing. */
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
