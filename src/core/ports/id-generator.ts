/** Generates ids for jobs and instances. */
export interface IdGenerator {
  /** Returns a random UUID, version 4. */
  uuid(): string;
}
