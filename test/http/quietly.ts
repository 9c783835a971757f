/** @hono/node-server writes what broke an answer off to the console, too; a test that means it need not show it. */
export async function quietly<T>(work: () => Promise<T>): Promise<T> {
  const host = globalThis.console;
  const { error } = host;
  host.error = () => {};
  try {
    return await work();
  } finally {
    host.error = error;
  }
}
