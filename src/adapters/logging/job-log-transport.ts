import Transport from "winston-transport";
import type { LogEntry, LogLevel } from "../../core/job/log-entry.js";

const LEVELS: Readonly<Record<string, LogLevel>> = { error: "ERROR", warn: "WARN", info: "INFO" };

/** Writes handlers' lines of level error, warn and info to the job's log. Other levels go to the host only. */
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
