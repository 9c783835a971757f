/** What a thread is to open. */
export interface SqliteThreadData {
  /** Absolute. */
  readonly file: string;
  readonly readOnly: boolean;
  /** How long a statement waits for another process's lock. */
  readonly busyTimeoutMs: number;
  readonly gate: SharedArrayBuffer;
}

/** A statement to run; null: close the database and end. Requests are answered in their order, after one for the opening. */
export type SqliteRequest = { readonly sql: string; readonly parameters: readonly unknown[] } | null;

/** Rows without their names, which are the same for all: half as much to copy from thread to thread. */
export interface SqliteAnswer {
  readonly columns?: readonly string[];
  readonly rows?: readonly (readonly unknown[])[];
  readonly changes?: number;
  readonly lastID?: number;
  /** An error's own properties are not copied with it. */
  readonly error?: { readonly message: string; readonly code: string };
}
