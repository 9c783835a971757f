import { createRoute, type OpenAPIHono, type z } from "@hono/zod-openapi";
import type { JobOperator } from "../../core/ports/job-operator.js";
import type { AppEnv } from "../middleware.js";
import { readJobReference } from "../job-reference.js";
import type { ResolvedHttpOptions } from "../options.js";
import { changedSchema, restartedSchema } from "../representations.js";
import { jobReferenceSchema } from "../schemas.js";
import { jsonResponses } from "./responses.js";

interface Change {
  readonly name: string;
  readonly operationId: string;
  readonly summary: string;
  readonly answer: z.ZodType;
  readonly make: (operator: JobOperator, processingId: string, by: string) => Promise<object>;
}

const CHANGES: readonly Change[] = [
  {
    name: "cancel",
    operationId: "cancel",
    summary: "Ends a job; what runs is told to stop",
    answer: changedSchema,
    make: (operator, id, by) => operator.cancel(id, by).then(changed),
  },
  {
    name: "resume",
    operationId: "resume",
    summary: "Goes on with a paused, failed or cancelled job where it stopped",
    answer: changedSchema,
    make: (operator, id, by) => operator.resume(id, by).then(changed),
  },
  {
    name: "pause",
    operationId: "pause",
    summary: "Stops a job until it is resumed",
    answer: changedSchema,
    make: (operator, id, by) => operator.pause(id, by).then(changed),
  },
  {
    name: "restart",
    operationId: "restart",
    summary: "Starts a new job with the request of an ended one",
    answer: restartedSchema,
    make: (operator, id, by) => operator.restart(id, by).then(restarted(id)),
  },
  {
    name: "retry-failed",
    operationId: "retryFailed",
    summary: "Starts a new job over exactly the failed assets of an ended one",
    answer: restartedSchema,
    make: (operator, id, by) => operator.retryFailed(id, by).then(restarted(id)),
  },
];

/** POST cancel, resume, pause, restart, retry-failed. */
export function addJobCommands(app: OpenAPIHono<AppEnv>, { basePath, maxBodyBytes }: ResolvedHttpOptions): void {
  for (const { name, operationId, summary, answer, make } of CHANGES) {
    const path = `${basePath}/${name}`;
    app.openAPIRegistry.registerPath(
      createRoute({
        method: "post",
        path,
        operationId,
        summary,
        description: "The processingId stands in the body or in the query string; in both, it is the same.",
        request: {
          query: jobReferenceSchema,
          body: {
            required: false,
            content: {
              "application/json": { schema: jobReferenceSchema },
              "application/x-www-form-urlencoded": { schema: jobReferenceSchema },
            },
          },
        },
        responses: jsonResponses(answer, "Done"),
      }),
    );
    app.post(path, async (c) => {
      const processingId = await readJobReference(c.req.raw, maxBodyBytes);
      return c.json(await make(c.var.operator, processingId, c.var.principal.name), 200);
    });
  }
}

const changed = ({ processingId, status }: z.infer<typeof changedSchema>): z.infer<typeof changedSchema> => ({
  processingId,
  status,
});

const restarted =
  (restartedFrom: string) =>
  ({ processingId }: { readonly processingId: string }): z.infer<typeof restartedSchema> => ({
    processingId,
    status: "WAITING",
    restartedFrom,
  });
