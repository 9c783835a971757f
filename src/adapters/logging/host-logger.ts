import type { Logger } from "winston";
import { escapeLine } from "../../core/job/log-entry.js";
import { winston } from "./winston.js";

type HostLogLevel = "error" | "warn" | "info" | "debug";

/** Creates the default host logger, which writes lines to standard error. */
export function createHostLogger(level: HostLogLevel): Logger {
  const { createLogger, format, transports } = winston();
  return createLogger({
    level,
    format: format.combine(
      format.timestamp(),
      format.printf(
        ({ timestamp, level: at, message }) => `${String(timestamp)} ${at}: ${escapeLine(String(message))}`,
      ),
    ),
    transports: [new transports.Console({ stderrLevels: ["error", "warn", "info", "debug"] })],
  });
}
