/** What the command ends with; scripts rely on it. */
export const EXIT = {
  success: 0,
  /** Finished with failures, or failed. */
  failures: 1,
  /** Wrong usage, or refused. */
  refused: 2,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
