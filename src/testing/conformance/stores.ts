import { CARE_GUARANTEES } from "./chunk-care.js";
import { CLAIM_GUARANTEES } from "./chunk-claims.js";
import { COMMIT_GUARANTEES } from "./chunk-commits.js";
import { LEASE_GUARANTEES } from "./chunk-leases.js";
import { SHARE_GUARANTEES } from "./chunk-shares.js";
import { PAGE_GUARANTEES } from "./chunk-pages.js";
import { QUEUE_GUARANTEES } from "./chunk-queue.js";
import { RACE_GUARANTEES } from "./chunk-races.js";
import { TAKEOVER_GUARANTEES } from "./chunk-takeovers.js";
import { JOB_LOG_GUARANTEES } from "./job-log.js";
import { JOB_REPORTS_GUARANTEES } from "./job-reports.js";
import { JOB_STORE_GUARANTEES } from "./job-store.js";
import { LONG_PATH_STORE_GUARANTEES } from "./store-long-paths.js";
import { type StoreFixture, StoreScene } from "./store-scene.js";
import { type Guarantee, type Suite, type TestHost, testSuite } from "./suite.js";

/** The guarantees of every ChunkStore. */
const CHUNK_STORE_GUARANTEES: readonly Guarantee<StoreScene>[] = [
  ...CLAIM_GUARANTEES,
  ...QUEUE_GUARANTEES,
  ...SHARE_GUARANTEES,
  ...TAKEOVER_GUARANTEES,
  ...PAGE_GUARANTEES,
  ...COMMIT_GUARANTEES,
  ...LEASE_GUARANTEES,
  ...CARE_GUARANTEES,
  ...RACE_GUARANTEES,
];

/** The guarantees by port. A store has no flags: it must keep all of them. */
export const STORE_GUARANTEES = {
  JobStore: JOB_STORE_GUARANTEES,
  ChunkStore: CHUNK_STORE_GUARANTEES,
  JobLog: JOB_LOG_GUARANTEES,
  JobReports: [...JOB_REPORTS_GUARANTEES, ...LONG_PATH_STORE_GUARANTEES],
} as const satisfies Readonly<Record<string, readonly Guarantee<StoreScene>[]>>;

export type StorePort = keyof typeof STORE_GUARANTEES;

/** Makes a suite in which each check has its own empty store. */
export const storeSuite = (
  name: string,
  port: StorePort,
  open: () => Promise<StoreFixture>,
): Suite<StoreScene, never> => ({
  title: `${name} as a ${port}`,
  guarantees: STORE_GUARANTEES[port],
  flags: {},
  run: async (check) => {
    const fixture = await open();
    try {
      await check(new StoreScene(fixture));
    } finally {
      await fixture.close();
    }
  },
});

type StoreConformance = (name: string, open: () => Promise<StoreFixture>, host?: TestHost) => void;

const conformanceOf =
  (port: StorePort): StoreConformance =>
  (name, open, host) =>
    testSuite(storeSuite(name, port, open), host);

export const jobStoreConformance = conformanceOf("JobStore");
export const chunkStoreConformance = conformanceOf("ChunkStore");
export const jobLogConformance = conformanceOf("JobLog");
export const jobReportsConformance = conformanceOf("JobReports");

/** Tests all four ports. Each is written and read through the others, so an adapter must implement them together. */
export const storeConformance: StoreConformance = (name, open, host) => {
  for (const test of [jobStoreConformance, chunkStoreConformance, jobLogConformance, jobReportsConformance]) {
    test(name, open, host);
  }
};
