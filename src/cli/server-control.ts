import type { JobReport } from "../core/operator/job-report.js";
import type { LogPage } from "../core/ports/job-log.js";
import type { HistoryQuery, LogQuery } from "../core/ports/job-operator.js";
import type { OutcomeCursor, OutcomePage, OutcomeQuery } from "../core/ports/job-reports.js";
import { jobReportSchema, logPageSchema } from "../http/index.js";
import type { Jobs } from "./jobs.js";
import { changedSchema, failuresSchema, historySchema, outcomesSchema } from "./server-answers.js";
import { type Callee, callServer } from "./server-call.js";

/**
 * The jobs of a server, asked over its HTTP API. Who asks is for the server to find out: the `by` of the port is not
 * sent. Errors: those of the port, as the server says them; UNAUTHENTICATED, FORBIDDEN, UNAVAILABLE.
 */
export class ServerControl implements Jobs {
  readonly #callee: Callee;

  constructor(callee: Callee) {
    this.#callee = callee;
  }

  status(processingId: string): Promise<JobReport> {
    return callServer(this.#callee, {
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
    return this.#act("/restart", processingId);
  }

  retryFailed(processingId: string): Promise<{ readonly processingId: string }> {
    return this.#act("/retry-failed", processingId);
  }

  async history(query: HistoryQuery = {}): Promise<readonly JobReport[]> {
    const answer = await callServer(this.#callee, {
      method: "GET",
      path: "/history",
      query: { ...query },
      answer: historySchema,
    });
    return answer.executionHistory;
  }

  logs(processingId: string, query: LogQuery = {}): Promise<LogPage & { readonly limit: number }> {
    return callServer(this.#callee, {
      method: "GET",
      path: "/logs",
      query: { processingId, ...query },
      answer: logPageSchema,
    });
  }

  async outcomes(processingId: string, { after, limit, kinds }: OutcomeQuery): Promise<OutcomePage> {
    const query = { processingId, limit, after: after && `${after.chunk}.${after.index}` };
    const all = kinds === undefined || kinds.includes("SUCCEEDED");
    const page = all
      ? await callServer(this.#callee, { method: "GET", path: "/outcomes", query, answer: outcomesSchema })
      : await callServer(this.#callee, { method: "GET", path: "/failures", query, answer: failuresSchema });
    const outcomes = "outcomes" in page ? page.outcomes : page.failures;
    return {
      outcomes: kinds === undefined ? outcomes : outcomes.filter(({ outcome }) => kinds.includes(outcome)),
      ...(page.next === null ? {} : { next: cursorOf(page.next) }),
    };
  }

  /** The job as it stands once it was told. */
  async #update(path: string, processingId: string): Promise<JobReport> {
    await this.#act(path, processingId);
    return this.status(processingId);
  }

  #act(path: string, processingId: string): Promise<{ readonly processingId: string }> {
    return callServer(this.#callee, { method: "POST", path, body: { processingId }, answer: changedSchema });
  }
}

function cursorOf(next: string): OutcomeCursor {
  const [chunk, index] = next.split(".");
  return { chunk: Number(chunk), index: Number(index) };
}
