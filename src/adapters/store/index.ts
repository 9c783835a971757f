export { JOB_ROW } from "./job-row.js";
export { Jobs1761300000000 } from "./migrations/jobs-1761300000000.js";
export { Contract1763900000002 } from "./migrations/contract-1763900000002.js";
export { TypeOrmChunkStore } from "./typeorm-chunk-store.js";
export { TypeOrmJobLog } from "./typeorm-job-log.js";
export { TypeOrmJobReports } from "./typeorm-job-reports.js";
export { TypeOrmJobRetention } from "./typeorm-job-retention.js";
export { TypeOrmJobStore } from "./typeorm-job-store.js";
