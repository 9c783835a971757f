import type { QueryRunner } from "typeorm";

/** What is used of pg's client: its own timeout, beside the server's. Its typings omit it. */
interface TimedClient {
  readonly connectionParameters?: { query_timeout?: number | false };
}

/** Lets a connection's statements take any time. Returns a function that restores its timeout. */
export async function withoutQueryTimeout(runner: QueryRunner): Promise<() => void> {
  const { connectionParameters } = (await runner.connect()) as TimedClient;
  if (!connectionParameters) return () => {};
  const { query_timeout: before } = connectionParameters;
  connectionParameters.query_timeout = 0;
  return () => {
    if (before === undefined) delete connectionParameters.query_timeout;
    else connectionParameters.query_timeout = before;
  };
}
