import Transport from "winston-transport";
import type { LogEntry, LogLevel } from "../../core/job/log-entry.js";

const LEVELS: Readonly<Record<string, LogLevel>> = { error: "ERROR", warn: "WARN", info: "INFO" };

/** Carries what handlers log into their job's log: error, warn and info; the rest stays with the host. */
export class JobLogTransport extends Transport {
  readonly #sink: (entry: LogEntry) => void;

  constructor(sink: (entry: LogEntry) => void) {
    super({ level: "info" });
    this.#sink = sink;
  }

  override log(line: { level: string; message: unknown }, next: () => void): void {
    const level = LEVELS[line.level];
    if (level) this.#sink({ level, message: String(line.message) });
    next();
  }
}
