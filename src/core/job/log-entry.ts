export const LOG_LEVELS = ["DEBUG", "INFO", "WARN", "ERROR"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** One line of a job's log. The store adds its number and time. */
export interface LogEntry {
  readonly level: LogLevel;
  readonly message: string;
}

export const info = (message: string): LogEntry => ({ level: "INFO", message });

/**
 * Escapes control characters, line separators and unpaired surrogates, so that one entry is always one line, and what turns
 * the direction of the text or hides in it, so that it reads as it is.
 */
export const escapeLine = (text: string): string =>
  text.replace(NOT_IN_A_LINE, (character) => {
    if (character === "\n") return "\\n";
    if (character === "\r") return "\\r";
    if (character === "\t") return "\\t";
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });

/** What turns the direction of a text, or hides in it, as the inside of a character class. */
export const HIDDEN_CHARACTERS = String.raw`\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff`;

const NOT_IN_A_LINE = new RegExp(String.raw`[\u0000-\u001f\u007f-\u009f\u2028\u2029${HIDDEN_CHARACTERS}]|\p{Cs}`, "gu");

/** Formats an entry as `yyyy-MM-dd HH:mm:ss:SSS: LEVEL: [TYPE] message`, in UTC. */
export function formatLine(entry: LogEntry, jobType: string, atMs: number): string {
  const iso = new Date(atMs).toISOString();
  const time = `${iso.slice(0, 10)} ${iso.slice(11, 19)}:${iso.slice(20, 23)}`;
  return `${time}: ${entry.level}: [${jobType}] ${escapeLine(entry.message)}`;
}

/** Returns whether `formatLine` made this line of an entry with this level. */
export const hasLevel = (line: string, level: LogLevel): boolean => line.startsWith(`: ${level}: `, TIME_LENGTH);
const TIME_LENGTH = "yyyy-MM-dd HH:mm:ss:SSS".length;
