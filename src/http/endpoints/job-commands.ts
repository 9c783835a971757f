import { createRoute, type OpenAPIHono, type z } from "@hono/zod-openapi";
import type { JobOperator } from "../../core/ports/job-operator.js";
import type { AppEnv } from "../middleware.js";
import { readJobReference } from "../job-reference.js";
import type { ResolvedHttpOptions } from "../options.js";
import { changedSchema, restartedSchema } from "../representations.js";
import { CHANGED_EXAMPLES, JOB_REFERENCE_EXAMPLE, RESTARTED_EXAMPLE } from "../examples.js";
import { jobReferenceBody, jobReferenceQuerySchema } from "../schemas.js";
import { bodyJsonResponses } from "./responses.js";

interface JobCommand {
  readonly name: string;
  readonly operationId: string;
  readonly summary: string;
  readonly response: z.ZodType;
  readonly run: (operator: JobOperator, processingId: string, by: string) => Promise<object>;
}

const COMMANDS: readonly JobCommand[] = [
  {
    name: "cancel",
    operationId: "cancel",
    summary: "Cancel a job; running handlers are told to stop",
    response: changedSchema,
    run: (operator, id, by) => operator.cancel(id, by).then(changed),
  },
  {
    name: "resume",
    operationId: "resume",
    summary: "Resume a paused, failed or cancelled job where it stopped",
    response: changedSchema,
    run: (operator, id, by) => operator.resume(id, by).then(changed),
  },
  {
    name: "pause",
    operationId: "pause",
    summary: "Pause a job until it is resumed",
    response: changedSchema,
    run: (operator, id, by) => operator.pause(id, by).then(changed),
  },
  {
    name: "restart",
    operationId: "restart",
    summary: "Start a new job with the request of an ended one",
    response: restartedSchema,
    run: (operator, id, by) => operator.restart(id, by).then(restarted(id)),
  },
  {
    name: "retry-failed",
    operationId: "retryFailed",
    summary: "Start a new job over only the failed assets of an ended one",
    response: restartedSchema,
    run: (operator, id, by) => operator.retryFailed(id, by).then(restarted(id)),
  },
];

/** Adds POST cancel, resume, pause, restart and retry-failed. */
export function addJobCommands(app: OpenAPIHono<AppEnv>, { basePath, maxBodyBytes }: ResolvedHttpOptions): void {
  for (const { name, operationId, summary, response, run } of COMMANDS) {
    const path = `${basePath}/${name}`;
    app.openAPIRegistry.registerPath(
      createRoute({
        method: "post",
        path,
        operationId,
        summary,
        description: "Give the processingId in the body or in the query string. If given in both, it must be the same.",
        request: {
          query: jobReferenceQuerySchema,
          body: {
            required: false,
            content: {
              "application/json": { schema: jobReferenceBody, example: JOB_REFERENCE_EXAMPLE },
              "application/x-www-form-urlencoded": { schema: jobReferenceBody, example: JOB_REFERENCE_EXAMPLE },
            },
          },
        },
        responses: bodyJsonResponses(response, "The command was accepted", CHANGED_EXAMPLES[name] ?? RESTARTED_EXAMPLE),
      }),
    );
    app.post(path, async (c) => {
      const processingId = await c.var.timeLimit.receiving(() => readJobReference(c.req.raw, maxBodyBytes));
      return c.json(await run(c.var.operator, processingId, c.var.principal.name), 200);
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
