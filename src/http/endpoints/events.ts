import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { streamSSE } from "hono/streaming";
import { AssetmillError } from "../../core/errors.js";
import { isFinal } from "../../core/job/lifecycle.js";
import type { JobEvent } from "../../core/job/job-event.js";
import type { AppEnv } from "../middleware.js";
import type { ResolvedHttpOptions } from "../options.js";
import { notify } from "../problems.js";
import { queryOf } from "../query.js";
import { EVENTS_EXAMPLE } from "../examples.js";
import { jobReportSchema, logEventSchema } from "../representations.js";
import { jobQuerySchema, lastEventHeaderSchema } from "../schemas.js";
import { validate } from "../validation.js";
import { problemResponses } from "./responses.js";

/** How long to wait for the first event before responding, so that an early error still becomes a problem response. */
const FIRST_WITHIN_MS = 500;

const TYPE = "text/event-stream";

/** Adds GET events: a job's events as Server-Sent Events. */
export function addEvents(app: OpenAPIHono<AppEnv>, options: ResolvedHttpOptions): void {
  const path = `${options.basePath}/events`;
  app.openAPIRegistry.registerPath(
    createRoute({
      method: "get",
      path,
      operationId: "events",
      summary: "Stream a job's events until it ends",
      description:
        "Events of the kinds `status`, `progress` and `log`. The `data` of each is one line of JSON: the Job (`status`: it or its counting has changed; `progress`: its counters have), or a LogEvent with one line of the log. Each has an `id`; sent as Last-Event-ID, the stream continues after it, with nothing lost or doubled. Lines that begin with a colon keep the connection alive.",
      request: { query: jobQuerySchema, headers: lastEventHeaderSchema },
      responses: {
        200: {
          description: "Server-Sent Events",
          content: {
            [TYPE]: {
              schema: z.string().openapi({ description: "Events, each ended by an empty line" }),
              example: EVENTS_EXAMPLE,
              // OpenAPI 3.1 has no field for this: the schema of `data`, by kind of event.
              "x-event-data": {
                status: { $ref: "#/components/schemas/Job" },
                progress: { $ref: "#/components/schemas/Job" },
                log: { $ref: "#/components/schemas/LogEvent" },
              },
            },
          },
        },
        204: { description: "The job has ended and there are no further events; do not reconnect" },
        ...problemResponses,
      },
    }),
  );
  app.openAPIRegistry.register("Job", jobReportSchema);
  app.openAPIRegistry.register("LogEvent", logEventSchema);
  let open = 0;
  app.get(path, async (c) => {
    const { processingId } = validate(jobQuerySchema, queryOf(c.req.url));
    const { status } = await c.var.operator.status(processingId);
    if (c.req.method === "HEAD") return c.body(null, 200, { "Content-Type": TYPE });
    const after = c.req.header("last-event-id") || undefined;
    if (open >= options.maxEventStreams) {
      throw new AssetmillError("RATE_LIMITED", `too many event streams: the limit of ${open} is reached`);
    }
    open++;
    const watch = new Watch(c, processingId, after, () => open--);
    try {
      const first = await (isFinal(status) ? watch.next() : watch.nextWithin(FIRST_WITHIN_MS));
      if (!first?.done) return answer(c, watch, options);
    } catch (error) {
      watch.end();
      throw error;
    }
    watch.end();
    return c.body(null, 204);
  });
}

/** Reads a job's events one ahead, so that an event that arrives after a timeout is not lost. */
class Watch {
  readonly #ending = new AbortController();
  readonly #onEnd: () => void;
  readonly #events: AsyncIterator<JobEvent>;
  #next: Promise<IteratorResult<JobEvent>> | undefined;

  constructor(c: Context<AppEnv>, processingId: string, after: string | undefined, onEnd: () => void) {
    this.#onEnd = onEnd;
    const { signal } = this.#ending;
    const options = { signal, ...(after === undefined ? {} : { after }) };
    this.#events = c.var.operator.events(processingId, options)[Symbol.asyncIterator]();
  }

  /** Returns the next event; the same one again until `taken` is called. */
  next(): Promise<IteratorResult<JobEvent>> {
    if (!this.#next) {
      this.#next = this.#events.next();
      this.#next.catch(() => {}); // Reported to whoever awaits it; nobody may be waiting yet.
    }
    return this.#next;
  }

  taken(): void {
    this.#next = undefined;
  }

  /** Returns undefined if no event arrives in time. */
  async nextWithin(ms: number): Promise<IteratorResult<JobEvent> | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), ms);
    });
    try {
      return await Promise.race([this.next(), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Stops reading. Safe to call again. */
  end(): void {
    if (this.#ending.signal.aborted) return;
    this.#onEnd();
    this.#ending.abort();
    this.#events.return?.().catch(() => {});
  }
}

function answer(c: Context<AppEnv>, watch: Watch, { eventKeepAliveMs, onError }: ResolvedHttpOptions): Response {
  const response = streamSSE(c, async (stream) => {
    stream.onAbort(() => watch.end());
    try {
      while (!stream.aborted) {
        const step = await watch.nextWithin(eventKeepAliveMs);
        if (step === undefined) {
          await stream.write(": still here\n\n");
          continue;
        }
        if (step.done) return;
        watch.taken();
        await stream.writeSSE(messageOf(step.value));
      }
    } catch (error) {
      // The client reconnects with the last id it received; the error's details are not for it.
      notify(onError, error);
    } finally {
      watch.end();
    }
  });
  // Connection-specific headers are the host's business; HTTP/2 forbids them.
  response.headers.delete("Connection");
  response.headers.delete("Transfer-Encoding");
  response.headers.set("X-Accel-Buffering", "no");
  return response;
}

const messageOf = (event: JobEvent): { event: string; id: string; data: string } => ({
  event: event.kind,
  id: event.id,
  data: JSON.stringify(event.kind === "log" ? { line: event.line, text: event.text } : event.report),
});
