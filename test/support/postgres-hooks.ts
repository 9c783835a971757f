import { stopSharedPostgres } from "./postgres-server.js";

/** Ends the shared server, where a test started one. */
export const mochaHooks = { afterAll: (): Promise<void> => stopSharedPostgres() };
