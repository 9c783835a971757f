const MAX_MESSAGE = 1_000;

/** Shortens a handler's message to what a log line should hold. */
export const clip = (text: string): string =>
  text.length <= MAX_MESSAGE ? text : `${text.slice(0, MAX_MESSAGE - 1)}…`;
