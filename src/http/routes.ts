import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { methodNotAllowed } from "hono/method-not-allowed";
import type { JobOperator } from "../core/ports/job-operator.js";
import { CsrfTokens } from "./auth/csrf-tokens.js";
import { addAssets } from "./endpoints/assets.js";
import { addJobCommands } from "./endpoints/job-commands.js";
import { addCsrfToken } from "./endpoints/csrf-token.js";
import { addEvents } from "./endpoints/events.js";
import { addLogs } from "./endpoints/logs.js";
import { addOutcomes } from "./endpoints/outcomes.js";
import { addStart } from "./endpoints/start.js";
import { addStatus } from "./endpoints/status.js";
import { addHealth, addSystemStatus } from "./endpoints/system.js";
import { csrfProtection } from "./csrf-protection.js";
import { type AppEnv, authentication, hostCheck, authorization, securityHeaders, timeLimit } from "./middleware.js";
import { KnownCallers } from "./known-callers.js";
import { describeApi } from "./openapi.js";
import { type HttpOptions, type ResolvedHttpOptions, resolveOptions } from "./options.js";
import { onceEach, plainProblem, problemResponse } from "./problems.js";
import { failedLoginLimit, requestLimit } from "./rate-limit.js";
import { validationError } from "./validation.js";

/**
 * Creates the HTTP API as a function from Request to Response. Routes hold no rules: they parse, make one call and
 * represent the result.
 */
export function createApp(operator: JobOperator, options: HttpOptions): OpenAPIHono<AppEnv> {
  const given = resolveOptions(options);
  const resolved = { ...given, onError: onceEach(given.onError) };
  const app = new OpenAPIHono<AppEnv>({
    strict: false, // with or without a trailing slash
    defaultHook: (result) => {
      if (!result.success) throw validationError(result.error);
    },
  });
  answerErrors(app, resolved);
  const csrf = new CsrfTokens(resolved.csrfKey);
  const { authenticator, rateLimit, loginLimit = rateLimit, trustProxy } = resolved;
  const known = new KnownCallers();
  // Order matters: whatever is added before the authenticator is open to everyone.
  app.use(securityHeaders, hostCheck(resolved.allowedHosts), timeLimit(resolved.requestTimeoutMs));
  addHealth(app, resolved);
  const { quick = false } = authenticator;
  if (loginLimit) app.use(failedLoginLimit(loginLimit, { proxies: trustProxy, known, quick }));
  app.use(authentication(authenticator, known, trustProxy));
  if (rateLimit) app.use(requestLimit(rateLimit));
  app.use(csrfProtection(csrf), authorization(operator, resolved.accessPolicy), answerWrongMethods(app));
  // From here on, routes use c.var.operator only: it is restricted to the caller.
  for (const add of [
    addStart,
    addStatus,
    addLogs,
    addJobCommands,
    addOutcomes,
    addEvents,
    addAssets,
    addSystemStatus,
  ]) {
    add(app, resolved);
  }
  addCsrfToken(app, resolved, csrf);
  describeApi(app, resolved.basePath);
  return app;
}

function answerErrors(app: OpenAPIHono<AppEnv>, resolved: ResolvedHttpOptions): void {
  const { statusCodes, onError, authenticator } = resolved;
  const options = { statusCodes, onError, challenges: authenticator.challenges };
  app.onError((error) => problemResponse(error, options));
  app.notFound(() => plainProblem(404, "no such endpoint"));
}

const answerWrongMethods = (app: OpenAPIHono<AppEnv>) =>
  methodNotAllowed<AppEnv>({
    app,
    onMethodNotAllowed: (c: Context, allowed) =>
      plainProblem(405, `${c.req.method} is not allowed here; use ${allowed.join(" or ")}`, {
        Allow: allowed.join(", "),
      }),
  });
