import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { invalidParameter } from "../../core/errors.js";
import { IDEMPOTENCY_KEY_ALLOWED } from "../../core/job/job-key.js";
import type { StartOptions } from "../../core/ports/job-operator.js";
import type { AppEnv } from "../middleware.js";
import { readJson } from "../json-body.js";
import type { ResolvedHttpOptions } from "../options.js";
import { queryOf } from "../query.js";
import { startRequestBody, startRequestSchema } from "../body-schemas.js";
import { START_EXAMPLE, STARTED_EXAMPLE } from "../examples.js";
import { startedSchema } from "../representations.js";
import { idempotencyHeaderSchema, noQuerySchema } from "../schemas.js";
import { validate } from "../validation.js";
import { bodyJsonResponses, jsonBody } from "./responses.js";

/** Adds POST on the base path: start a job. */
export function addStart(app: OpenAPIHono<AppEnv>, { basePath, maxBodyBytes, jobTypes }: ResolvedHttpOptions): void {
  // Not `app.openapi`: its validator reads the body itself, without our size limit, error positions and media type check.
  app.openAPIRegistry.registerPath(
    createRoute({
      method: "post",
      path: basePath,
      operationId: "start",
      summary: "Start a job",
      request: {
        query: noQuerySchema,
        headers: idempotencyHeaderSchema,
        body: jsonBody(startRequestBody(jobTypes), START_EXAMPLE),
      },
      responses: bodyJsonResponses(startedSchema, "The job is stored durably", STARTED_EXAMPLE),
    }),
  );
  app.post(basePath, async (c) => {
    validate(noQuerySchema, queryOf(c.req.url));
    const options = startOptions(c.req.header("idempotency-key"));
    const request = validate(
      startRequestSchema,
      await c.var.timeLimit.receiving(() => readJson(c.req.raw, maxBodyBytes)),
    );
    const { processingId } = await c.var.operator.start(request, c.var.principal.name, options);
    return c.json({ processingId }, 200);
  });
}

function startOptions(key: string | undefined): StartOptions {
  if (key === undefined) return {};
  const { success } = idempotencyHeaderSchema.safeParse({ "Idempotency-Key": key });
  if (!success) throw invalidParameter("Idempotency-Key", `must be ${IDEMPOTENCY_KEY_ALLOWED}`);
  return { idempotencyKey: key };
}
