import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { methodNotAllowed } from "hono/method-not-allowed";
import { timeout } from "hono/timeout";
import { AssetmillError } from "../core/errors.js";
import type { JobOperator } from "../core/ports/job-operator.js";
import { CsrfTokens } from "./auth/csrf-tokens.js";
import { addCsrfToken } from "./csrf-token-endpoint.js";
import { endpoints } from "./endpoints.js";
import { refusingForgery } from "./forgery.js";
import { type AppEnv, authenticating, checkingHost, guardingOperator, securingAnswers } from "./guards.js";
import { readJson } from "./json-body.js";
import { describeApi } from "./openapi.js";
import { type HttpOptions, type ResolvedHttpOptions, resolveOptions } from "./options.js";
import { problemResponse, routingProblem } from "./problems.js";
import { limitingFailedLogins, limitingRequests } from "./rate-limit.js";
import { noQuerySchema, startRequestSchema } from "./schemas.js";
import { accepted, refusal } from "./validation.js";

/** The HTTP API as a function from Request to Response. It holds no rules: parse, one call, represent. */
export function createApp(operator: JobOperator, options: HttpOptions): OpenAPIHono<AppEnv> {
  const resolved = resolveOptions(options);
  const app = new OpenAPIHono<AppEnv>({
    strict: false, // with or without a trailing slash
    defaultHook: (result) => {
      if (!result.success) throw refusal(result.error);
    },
  });
  answerErrors(app, resolved);
  const csrf = new CsrfTokens(resolved.csrfKey);
  const { rateLimit, trustProxy } = resolved;
  // In this order: what stands above the authenticator is open to all.
  app.use(securingAnswers, checkingHost(resolved.allowedHosts), timeout(resolved.requestTimeoutMs));
  addHealth(app, resolved);
  if (rateLimit) app.use(limitingFailedLogins(rateLimit, trustProxy));
  app.use(authenticating(resolved.authenticator));
  if (rateLimit) app.use(limitingRequests(rateLimit));
  app.use(refusingForgery(csrf), guardingOperator(operator, resolved.accessPolicy), answerWrongMethods(app));
  // Below, the operator is the caller's own: c.var.operator, and no other.
  addJobs(app, resolved);
  addCsrfToken(app, resolved.basePath, csrf);
  describeApi(app, resolved.basePath);
  return app;
}

function addJobs(app: OpenAPIHono<AppEnv>, { basePath, maxBodyBytes }: ResolvedHttpOptions): void {
  // Not `app.openapi`: its validator reads bodies by itself, without our limit, positions and media types.
  app.openAPIRegistry.registerPath(endpoints.start(basePath));
  app.post(basePath, async (c) => {
    accepted(noQuerySchema, c.req.query());
    const request = accepted(startRequestSchema, await readJson(c.req.raw, maxBodyBytes));
    const { processingId } = await c.var.operator.start(request, c.var.principal.name);
    return c.json({ processingId }, 200);
  });
  app.openapi(endpoints.status(basePath), async (c) => {
    const { processingId } = c.req.valid("query");
    return c.json(await c.var.operator.status(processingId), 200);
  });
  app.openapi(endpoints.logs(basePath), async (c) => {
    const { processingId, ...query } = c.req.valid("query");
    const { lines, limit, offset, hasMore } = await c.var.operator.logs(processingId, query);
    return c.json({ lines, limit, offset, hasMore }, 200);
  });
}

/** Up or down and no more: these two are open to all. */
function addHealth(app: OpenAPIHono<AppEnv>, { ready }: ResolvedHttpOptions): void {
  app.get("/healthz", (c) => c.json({ status: "up" }, 200));
  app.get("/readyz", async (c) => {
    const up = await Promise.resolve()
      .then(ready)
      .catch(() => false);
    return up ? c.json({ status: "up" }, 200) : c.json({ status: "down" }, 503);
  });
}

function answerErrors(app: OpenAPIHono<AppEnv>, resolved: ResolvedHttpOptions): void {
  const { statusCodes, onError, authenticator, requestTimeoutMs } = resolved;
  const options = { statusCodes, onError, challenges: authenticator.challenges };
  app.onError((error) => {
    // The only one that hono raises here is its timeout's.
    const late = error instanceof HTTPException && error.status === 504;
    const cause = late ? new AssetmillError("UNAVAILABLE", `no answer within ${requestTimeoutMs} ms`) : error;
    return problemResponse(cause, options);
  });
  app.notFound(() => routingProblem(404, "there is no such endpoint"));
}

const answerWrongMethods = (app: OpenAPIHono<AppEnv>) =>
  methodNotAllowed<AppEnv>({
    app,
    onMethodNotAllowed: (c: Context, allowed) =>
      routingProblem(405, `${c.req.method} is not possible here; ${allowed.join(", ")} is`, allowed),
  });
