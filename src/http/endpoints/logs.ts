import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { accepts } from "hono/accepts";
import { invalidParameter } from "../../core/errors.js";
import type { JobReport } from "../../core/job/job-report.js";
import type { JobOperator } from "../../core/ports/job-operator.js";
import type { AppEnv } from "../middleware.js";
import type { ResolvedHttpOptions } from "../options.js";
import { csvOf, type CsvOptions } from "../outcome-csv.js";
import { logText, outcomePages } from "../report-pages.js";
import { queryOf } from "../query.js";
import { CSV_EXAMPLE, LOG_FILES_EXAMPLE, LOG_PAGE_EXAMPLE, LOG_TEXT_EXAMPLE } from "../examples.js";
import { logFilesSchema, logPageSchema } from "../representations.js";
import { downloadQuerySchema, logsQuerySchema } from "../schemas.js";
import { streamResponse } from "../stream-response.js";
import { validate } from "../validation.js";
import { zipOf } from "../zip-file.js";
import { jsonResponses, problemResponses } from "./responses.js";

/** Adds GET logs and logs/download. */
export function addLogs(app: OpenAPIHono<AppEnv>, options: ResolvedHttpOptions): void {
  const logs = createRoute({
    method: "get",
    path: `${options.basePath}/logs`,
    operationId: "logs",
    summary: "Get lines of a job's log",
    request: { query: logsQuerySchema },
    responses: jsonResponses(logPageSchema, "Lines in order; line numbers are stable", LOG_PAGE_EXAMPLE),
  });
  app.openapi(logs, async (c) => {
    const { processingId, ...query } = c.req.valid("query");
    const { lines, limit, offset, hasMore } = await c.var.operator.logs(processingId, query);
    return c.json({ lines, limit, offset, hasMore }, 200);
  });
  addDownload(app, options);
}

const file = z.string();

function addDownload(app: OpenAPIHono<AppEnv>, { basePath, onError }: ResolvedHttpOptions): void {
  const path = `${basePath}/logs/download`;
  app.openAPIRegistry.registerPath(
    createRoute({
      method: "get",
      path,
      operationId: "downloadLogs",
      summary: "Download a job's log and its failed and skipped assets, as a ZIP or as single files",
      request: { query: downloadQuerySchema },
      responses: {
        200: {
          description: "The ZIP. With Accept: application/json, the URL path of each file. With `file`, that file.",
          headers: {
            "Content-Disposition": {
              description: "The name of the ZIP or file",
              schema: { type: "string" },
              example: 'attachment; filename="failures.csv"',
            },
          },
          content: {
            "application/zip": { schema: file.openapi({ format: "binary" }) },
            "application/json": { schema: logFilesSchema, example: LOG_FILES_EXAMPLE },
            "text/plain": { schema: file, example: LOG_TEXT_EXAMPLE },
            "text/csv": { schema: file, example: CSV_EXAMPLE },
          },
        },
        ...problemResponses,
      },
    }),
  );
  app.get(path, async (c) => {
    const { processingId, file: wanted, bom } = validate(downloadQuerySchema, queryOf(c.req.url));
    if (bom !== undefined && wanted === "log") throw invalidParameter("bom", "is only for CSV; the log has no mark");
    const { operator } = c.var;
    const report = await operator.status(processingId);
    const files = filesOf(operator, report, bom === undefined ? {} : { bom });
    const supports = ["application/zip", "application/json"];
    if (
      wanted === undefined &&
      accepts(c, { header: "Accept", supports, default: "application/zip" }) !== supports[0]
    ) {
      const { pathname } = new URL(c.req.url);
      const asked = (kind: LogFile["kind"]): string => {
        const query = new URLSearchParams({ processingId, file: kind });
        if (kind === "failures" && bom !== undefined) query.set("bom", String(bom));
        return `${pathname}?${query.toString()}`;
      };
      return c.json({ logFilePaths: files.filter(({ inZip }) => inZip).map(({ kind }) => asked(kind)) }, 200);
    }
    const one = files.find(({ kind }) => kind === wanted);
    const headers = one
      ? { "Content-Type": one.mediaType, "Content-Disposition": attachment(one.name) }
      : { "Content-Type": "application/zip", "Content-Disposition": attachment(`${report.processingId}-logs.zip`) };
    if (c.req.method === "HEAD") return c.body(null, 200, headers);
    const entries = files.filter(({ inZip }) => inZip).map(({ name, text }) => ({ name, text: text() }));
    return streamResponse(one ? one.text() : zipOf(entries), headers, onError);
  });
}

/** Replaces characters that are not safe in a header: the id may come from the caller. */
const attachment = (name: string): string => `attachment; filename="${name.replace(/[^\w.-]/g, "_")}"`;

interface LogFile {
  readonly kind: "log" | "failures";
  readonly name: string;
  readonly mediaType: string;
  readonly inZip: boolean;
  readonly text: () => AsyncGenerator<string, void>;
}

const filesOf = (
  operator: JobOperator,
  { processingId, failedCount, skippedCount }: JobReport,
  csv: CsvOptions,
): readonly LogFile[] => [
  {
    kind: "log",
    name: `${processingId}.log`,
    mediaType: "text/plain; charset=utf-8",
    inZip: true,
    text: () => logText(operator, processingId),
  },
  {
    kind: "failures",
    name: "failures.csv",
    mediaType: "text/csv; charset=utf-8",
    inZip: failedCount + skippedCount > 0,
    text: () => csvOf(outcomePages(operator, processingId, { kinds: ["FAILED", "SKIPPED"] }), csv),
  },
];
