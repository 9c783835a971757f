import { existingStore } from "./existing-store.js";
import type { Jobs } from "./jobs.js";

/** Flags that say where a command's jobs are: in a store or on a server. At most one of the two is given. */
export interface JobsFlags {
  readonly store?: string;
  readonly server?: string;
  readonly token?: string;
}

/**
 * Runs `work` on the jobs that the flags select, by default those of the default store. Loads only the modules it needs, to
 * start fast.
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
