import { createLogger, format, type Logger, transports } from "winston";
import { escapeLine } from "../../core/job/log-entry.js";

type HostLogLevel = "error" | "warn" | "info" | "debug";

/** Creates the default host logger, which writes lines to standard error. */
export const createHostLogger = (level: HostLogLevel): Logger =>
  createLogger({
    level,
    format: format.combine(
      format.timestamp(),
      format.printf(
        ({ timestamp, level: at, message }) => `${String(timestamp)} ${at}: ${escapeLine(String(message))}`,
      ),
    ),
    transports: [new transports.Console({ stderrLevels: ["error", "warn", "info", "debug"] })],
  });
