/** The steps that a job takes in a store: those of the conformance suites. */
export {
  claimChunks,
  claimDiscovery,
  claimRequest,
  discoveredJob,
  draftOf,
  pageOf,
  partOf,
  requestOf,
} from "../../src/testing/conformance/job-steps.js";
