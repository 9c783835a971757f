const MAX_MESSAGE = 1_000;

/** A handler's message, no longer than a log line should be. */
export const clip = (text: string): string =>
  text.length <= MAX_MESSAGE ? text : `${text.slice(0, MAX_MESSAGE - 1)}…`;
