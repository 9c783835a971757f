/** Exit codes of the command. Scripts rely on them. */
export const EXIT = {
  success: 0,
  /** The job failed, or finished with failed assets. */
  failures: 1,
  /** Wrong usage, or the request was refused. */
  refused: 2,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
