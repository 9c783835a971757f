import { MemoryChunkStore } from "./memory-chunk-store.js";
import { MemoryDatabase } from "./memory-database.js";
import { MemoryJobLog } from "./memory-job-log.js";
import { MemoryJobReports } from "./memory-job-reports.js";
import { MemoryJobStore } from "./memory-job-store.js";

/** The four stores of one node on a database in memory. Make several on one database to test several nodes. */
export class MemoryStores {
  readonly database: MemoryDatabase;
  readonly jobs: MemoryJobStore;
  readonly chunks: MemoryChunkStore;
  readonly log: MemoryJobLog;
  readonly reports: MemoryJobReports;

  constructor(database = new MemoryDatabase()) {
    this.database = database;
    this.jobs = new MemoryJobStore(database);
    this.chunks = new MemoryChunkStore(database);
    this.log = new MemoryJobLog(database);
    this.reports = new MemoryJobReports(database);
  }
}
