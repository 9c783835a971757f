import { createRoute, type OpenAPIHono, type z } from "@hono/zod-openapi";
import { normalisePath } from "../../core/asset/path.js";
import type { ShownResult } from "../../core/ports/job-operator.js";
import { assetStatusRequestBody, assetStatusRequestSchema } from "../body-schemas.js";
import {
  ASSET_STATUS_ASK_EXAMPLE,
  ASSET_STATUS_ASKED_EXAMPLE,
  ASSET_STATUS_PAGE_EXAMPLE,
  RESULT_EXAMPLE,
} from "../examples.js";
import type { AppEnv } from "../middleware.js";
import { readJson } from "../json-body.js";
import type { ResolvedHttpOptions } from "../options.js";
import { queryOf } from "../query.js";
import { assetStatusAskedSchema, assetStatusPageSchema, resultSchema } from "../representations.js";
import { assetStatusQuerySchema, noQuerySchema, resultsQuerySchema } from "../schemas.js";
import { validate } from "../validation.js";
import { bodyJsonResponses, jsonResponses, jsonBody } from "./responses.js";

/** Adds GET results, and the sibling endpoints POST and GET assets/status. */
export function addAssets(app: OpenAPIHono<AppEnv>, options: ResolvedHttpOptions): void {
  const results = createRoute({
    method: "get",
    path: `${options.basePath}/results`,
    operationId: "results",
    summary: "Get what processing wrote about an asset",
    request: { query: resultsQuerySchema },
    responses: jsonResponses(
      resultSchema,
      "Properties, references, stamp and last job; empty if the asset has not been processed",
      RESULT_EXAMPLE,
    ),
  });
  app.openapi(results, async (c) => {
    const { path } = c.req.valid("query");
    const result = await c.var.operator.results(path);
    return c.json(result ? shown(result) : nothing(normalisePath(path)), 200);
  });
  addAssetStatus(app, options);
}

type Result = z.infer<typeof resultSchema>;

/** Without its basis, which may list every link of the asset. */
const shownStamp = ({ sizeBytes, modifiedMs, contentHash, handlers }: ShownResult["stamp"]): Result["stamp"] => ({
  sizeBytes,
  modifiedMs,
  contentHash,
  handlers: { ...handlers },
});

const shown = ({ path, exists, properties, references, stamp, jobId, at }: ShownResult): Result => ({
  path,
  exists,
  properties: { ...properties },
  references,
  stamp: shownStamp(stamp),
  processingId: jobId,
  at,
});

const nothing = (path: string): Result => ({
  path,
  exists: true,
  properties: {},
  references: [],
  stamp: null,
  processingId: null,
  at: 0,
});

function addAssetStatus(app: OpenAPIHono<AppEnv>, { siblingPath, maxBodyBytes }: ResolvedHttpOptions): void {
  const path = `${siblingPath}/assets/status`;
  app.openAPIRegistry.registerPath(
    createRoute({
      method: "post",
      path,
      operationId: "askAssetStatus",
      summary: "Start a listing of asset statuses",
      request: { query: noQuerySchema, body: jsonBody(assetStatusRequestBody, ASSET_STATUS_ASK_EXAMPLE) },
      responses: bodyJsonResponses(assetStatusAskedSchema, "The id of the listing", ASSET_STATUS_ASKED_EXAMPLE),
    }),
  );
  app.post(path, async (c) => {
    validate(noQuerySchema, queryOf(c.req.url));
    const request = validate(
      assetStatusRequestSchema,
      await c.var.timeLimit.receiving(() => readJson(c.req.raw, maxBodyBytes)),
    );
    const { jobId, status } = await c.var.operator.askAssetStatus(request, c.var.principal.name);
    return c.json({ jobId, status }, 200);
  });
  const statuses = createRoute({
    method: "get",
    path,
    operationId: "assetStatus",
    summary: "Get a page of an asset status listing",
    request: { query: assetStatusQuerySchema },
    responses: jsonResponses(assetStatusPageSchema, "Assets in path order", ASSET_STATUS_PAGE_EXAMPLE),
  });
  app.openapi(statuses, async (c) => {
    const { jobId, ...query } = c.req.valid("query");
    const page = await c.var.operator.assetStatus(jobId, query);
    const { status, assets, counts, next = null } = page;
    return c.json({ jobId: page.jobId, status, assets, counts, next }, 200);
  });
}
