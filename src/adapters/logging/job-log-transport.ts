import type Transport from "winston-transport";
import type { LogEntry, LogLevel } from "../../core/job/log-entry.js";
import { transportClass } from "./winston.js";

const LEVELS: Readonly<Record<string, LogLevel>> = { error: "ERROR", warn: "WARN", info: "INFO" };

/** Returns a transport that writes handlers' lines of level error, warn and info to the job's log. Other levels go to the host only. */
export const jobLogTransport = (sink: (entry: LogEntry) => void): Transport =>
  new (transportClass())({
    level: "info",
    log: (line: { level: string; message: unknown }, next: () => void) => {
      const level = LEVELS[line.level];
      if (level) sink({ level, message: String(line.message) });
      next();
    },
  });
