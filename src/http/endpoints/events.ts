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
import { jobQuerySchema, lastEventHeaderSchema } from "../schemas.js";
import { validate } from "../validation.js";
import { problemResponses } from "./responses.js";

/** How long a first event is waited for, so that an error can still be answered as one. */
const FIRST_WITHIN_MS = 500;

const TYPE = "text/event-stream";

/** GET events: what happens to a job, as Server-Sent Events. */
export function addEvents(app: OpenAPIHono<AppEnv>, options: ResolvedHttpOptions): void {
  const path = `${options.basePath}/events`;
  app.openAPIRegistry.registerPath(
    createRoute({
      method: "get",
      path,
      operationId: "events",
      summary: "What happens to a job, until it ended",
      description: "Events `status` and `progress` carry the job, `log` carries `{ line, text }`.",
      request: { query: jobQuerySchema, headers: lastEventHeaderSchema },
      responses: {
        200: { description: "Server-Sent Events", content: { [TYPE]: { schema: z.string() } } },
        204: { description: "The job has ended, and nothing follows: do not come again" },
        ...problemResponses,
      },
    }),
  );
  let open = 0;
  app.get(path, async (c) => {
    const { processingId } = validate(jobQuerySchema, queryOf(c.req.url));
    const { status } = await c.var.operator.status(processingId);
    if (c.req.method === "HEAD") return c.body(null, 200, { "Content-Type": TYPE });
    const after = c.req.header("last-event-id") || undefined;
    if (open >= options.maxEventStreams) {
      throw new AssetmillError("RATE_LIMITED", `${open} streams of events are open, which is the most`);
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

/** A job's events, read one ahead: what was waited for too long is not lost. */
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

  /** The next event; again the same until `taken`. */
  next(): Promise<IteratorResult<JobEvent>> {
    if (!this.#next) {
      this.#next = this.#events.next();
      this.#next.catch(() => {}); // Whoever waits for it hears of it; nobody may be waiting yet.
    }
    return this.#next;
  }

  taken(): void {
    this.#next = undefined;
  }

  /** Undefined where none came in time. */
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

  /** May be repeated. */
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
      // The client comes again with the last id it saw; what went wrong is not for it to know.
      notify(onError, error);
    } finally {
      watch.end();
    }
  });
  // These two belong to one connection, which is the host's: HTTP/2 refuses them.
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
