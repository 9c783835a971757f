import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { invalidParameter } from "../../core/errors.js";
import { IDEMPOTENCY_KEY_ALLOWED } from "../../core/job/job-key.js";
import type { StartOptions } from "../../core/ports/job-operator.js";
import type { AppEnv } from "../guards.js";
import { readJson } from "../json-body.js";
import type { ResolvedHttpOptions } from "../options.js";
import { queryOf } from "../query.js";
import { startedSchema } from "../representations.js";
import { idempotencyHeaderSchema, noQuerySchema, startRequestSchema } from "../schemas.js";
import { accepted } from "../validation.js";
import { answers, jsonBody } from "./answers.js";

/** POST on the base path itself. */
export function addStart(app: OpenAPIHono<AppEnv>, { basePath, maxBodyBytes }: ResolvedHttpOptions): void {
  // Not `app.openapi`: its validator reads bodies by itself, without our limit, positions and media types.
  app.openAPIRegistry.registerPath(
    createRoute({
      method: "post",
      path: basePath,
      operationId: "start",
      summary: "Starts a job",
      request: { query: noQuerySchema, headers: idempotencyHeaderSchema, body: jsonBody(startRequestSchema) },
      responses: answers(startedSchema, "The job is durable"),
    }),
  );
  app.post(basePath, async (c) => {
    accepted(noQuerySchema, queryOf(c.req.url));
    const options = startOptions(c.req.header("idempotency-key"));
    const request = accepted(startRequestSchema, await readJson(c.req.raw, maxBodyBytes));
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
