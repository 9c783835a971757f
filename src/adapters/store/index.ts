export { JobRow } from "./job-row.js";
export { Jobs1761300000000 } from "./migrations/jobs-1761300000000.js";
export { TypeOrmChunkStore } from "./typeorm-chunk-store.js";
export { TypeOrmJobLog } from "./typeorm-job-log.js";
export { TypeOrmJobReports } from "./typeorm-job-reports.js";
export { TypeOrmJobStore } from "./typeorm-job-store.js";
