import { existingStore } from "./existing-store.js";
import type { Jobs } from "./jobs.js";

/** Where a command's jobs are: in a store, or behind a server. At most one of the two is given. */
export interface JobsFlags {
  readonly store?: string;
  readonly server?: string;
  readonly token?: string;
}

/**
 * Runs `work` on the jobs that the flags name; without any, on those of the default store. Of store and server, only what
 * is needed is loaded.
 */
export async function withJobs<T>({ store, server, token }: JobsFlags, work: (jobs: Jobs) => Promise<T>): Promise<T> {
  if (server !== undefined) {
    const { apiUrlOf, authorizationOf } = await import("./server-address.js");
    const { ServerControl } = await import("./server-control.js");
    const authorization = token === undefined ? {} : { authorization: authorizationOf(token) };
    return work(new ServerControl({ url: apiUrlOf(server), ...authorization }));
  }
  const { openControl } = await import("../composition/control.js");
  const { control, close } = await openControl(existingStore(store));
  try {
    return await work(control);
  } finally {
    await close();
  }
}
