import { createLogger, format, type Logger, transports } from "winston";
import { escapeLine } from "../../core/job/log-entry.js";

export type HostLogLevel = "error" | "warn" | "info" | "debug";

/** Where assetmill speaks to its host when the host gives no logger of its own: lines on standard error. */
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
