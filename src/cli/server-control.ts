import type { z } from "zod";
import { AssetmillError } from "../core/errors.js";
import { formatCursor, type OutcomeCursor, readCursor } from "../core/job/cursor.js";
import type { JobReport } from "../core/job/job-report.js";
import type { LogPage } from "../core/ports/job-log.js";
import type { HistoryPage, HistoryQuery, LogQuery } from "../core/ports/job-operator.js";
import type { OutcomePage, OutcomeQuery } from "../core/ports/job-reports.js";
import {
  changedSchema,
  failuresPageSchema,
  historySchema,
  jobReportSchema,
  logPageSchema,
  outcomesPageSchema,
  restartedSchema,
} from "../http/index.js";
import type { Jobs } from "./jobs.js";
import { type ServerEndpoint, callServer } from "./call-server.js";

/**
 * Controls a server's jobs over its HTTP API. The server authenticates the caller itself, so the port's `by` argument is not
 * sent. Throws the port's errors as the server reports them, and UNAUTHENTICATED, FORBIDDEN or UNAVAILABLE.
 */
export class ServerControl implements Jobs {
  readonly #endpoint: ServerEndpoint;

  constructor(endpoint: ServerEndpoint) {
    this.#endpoint = endpoint;
  }

  status(processingId: string): Promise<JobReport> {
    return callServer(this.#endpoint, {
      method: "GET",
      path: "/status",
      query: { processingId },
      answer: jobReportSchema,
    });
  }

  cancel(processingId: string): Promise<JobReport> {
    return this.#update("/cancel", processingId);
  }

  pause(processingId: string): Promise<JobReport> {
    return this.#update("/pause", processingId);
  }

  resume(processingId: string): Promise<JobReport> {
    return this.#update("/resume", processingId);
  }

  restart(processingId: string): Promise<{ readonly processingId: string }> {
    return this.#post("/restart", processingId, restartedSchema);
  }

  retryFailed(processingId: string): Promise<{ readonly processingId: string }> {
    return this.#post("/retry-failed", processingId, restartedSchema);
  }

  async history(query: HistoryQuery = {}): Promise<HistoryPage> {
    const { executionHistory: jobs, next } = await callServer(this.#endpoint, {
      method: "GET",
      path: "/history",
      query: { ...query },
      answer: historySchema,
    });
    return { jobs, ...(next === undefined ? {} : { next }) };
  }

  logs(processingId: string, query: LogQuery = {}): Promise<LogPage & { readonly limit: number }> {
    return callServer(this.#endpoint, {
      method: "GET",
      path: "/logs",
      query: { processingId, ...query },
      answer: logPageSchema,
    });
  }

  async outcomes(processingId: string, { after, limit, kinds }: OutcomeQuery): Promise<OutcomePage> {
    const query = { processingId, limit, after: after && formatCursor(after) };
    const all = kinds === undefined || kinds.includes("SUCCEEDED");
    const page = all
      ? await callServer(this.#endpoint, { method: "GET", path: "/outcomes", query, answer: outcomesPageSchema })
      : await callServer(this.#endpoint, { method: "GET", path: "/failures", query, answer: failuresPageSchema });
    const outcomes = "outcomes" in page ? page.outcomes : page.failures;
    return {
      outcomes: kinds === undefined ? outcomes : outcomes.filter(({ outcome }) => kinds.includes(outcome)),
      ...(page.next === null ? {} : { next: cursorOf(page.next, after) }),
    };
  }

  /** Sends the command and returns the job's status afterwards. */
  async #update(path: string, processingId: string): Promise<JobReport> {
    await this.#post(path, processingId, changedSchema);
    return this.status(processingId);
  }

  #post<T>(path: string, processingId: string, answer: z.ZodType<T>): Promise<T> {
    return callServer(this.#endpoint, { method: "POST", path, body: { processingId }, answer });
  }
}

/** Parses the cursor of the next page. It must lie after the current one, so that paging always ends. */
function cursorOf(next: string, after: OutcomeCursor | undefined): OutcomeCursor {
  const cursor = readCursor(next);
  if (cursor && (!after || isFurther(cursor, after))) return cursor;
  throw new AssetmillError(
    "UNAVAILABLE",
    "server: it returned an invalid cursor for the next page; it may run a different version",
  );
}

const isFurther = (cursor: OutcomeCursor, after: OutcomeCursor): boolean =>
  cursor.chunk > after.chunk || (cursor.chunk === after.chunk && cursor.index > after.index);
