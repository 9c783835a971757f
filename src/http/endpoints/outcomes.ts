import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { accepts } from "hono/accepts";
import { invalidParameter } from "../../core/errors.js";
import type { OutcomeKind, ReportedOutcome } from "../../core/asset/outcome.js";
import { formatCursor } from "../../core/job/cursor.js";
import { OUTCOME_PAGE } from "../../core/job/page-limits.js";
import type { AppEnv } from "../middleware.js";
import type { ResolvedHttpOptions } from "../options.js";
import { csvOf, type CsvOptions } from "../outcome-csv.js";
import { outcomePages } from "../report-pages.js";
import { queryOf } from "../query.js";
import { CSV_EXAMPLE, FAILURES_EXAMPLE, NDJSON_EXAMPLE, OUTCOMES_EXAMPLE } from "../examples.js";
import { failuresPageSchema, outcomesPageSchema } from "../representations.js";
import { outcomesQuerySchema } from "../schemas.js";
import { streamResponse } from "../stream-response.js";
import { validate } from "../validation.js";
import { problemResponses } from "./responses.js";

const JSON_PAGE = "application/json";
const CSV = "text/csv";

/** Formats in which a whole report can be streamed. */
const STREAMS: Readonly<Record<string, (pages: Pages, options: CsvOptions) => AsyncGenerator<string, void>>> = {
  "application/x-ndjson": linesOf,
  [CSV]: csvOf,
};

type Pages = AsyncIterable<readonly ReportedOutcome[]>;

interface Report {
  readonly name: "failures" | "outcomes";
  readonly summary: string;
  readonly page: z.ZodType;
  readonly example: unknown;
  readonly kinds?: readonly OutcomeKind[];
}

const REPORTS: readonly Report[] = [
  {
    name: "failures",
    summary: "List the failed and skipped assets of a job",
    page: failuresPageSchema,
    example: FAILURES_EXAMPLE,
    kinds: ["FAILED", "SKIPPED"],
  },
  {
    name: "outcomes",
    summary: "List the outcome of every asset of a job",
    page: outcomesPageSchema,
    example: OUTCOMES_EXAMPLE,
  },
];

/** Adds GET failures and outcomes: a page of JSON, or the whole report as NDJSON or CSV. */
export function addOutcomes(app: OpenAPIHono<AppEnv>, { basePath, onError }: ResolvedHttpOptions): void {
  for (const { name, summary, page, example, kinds } of REPORTS) {
    const path = `${basePath}/${name}`;
    app.openAPIRegistry.registerPath(
      createRoute({
        method: "get",
        path,
        operationId: name,
        summary,
        description:
          "Accept selects the format: a page of JSON, or everything after `after` as NDJSON or CSV. NDJSON and CSV do not accept `limit`.",
        request: { query: outcomesQuerySchema },
        responses: {
          200: {
            description: "Outcomes in path order",
            content: {
              [JSON_PAGE]: { schema: page, example },
              "application/x-ndjson": {
                schema: z.string().openapi({ description: "One Outcome per line" }),
                example: NDJSON_EXAMPLE,
              },
              "text/csv": {
                schema: z.string().openapi({ description: "A header row, then one outcome per row" }),
                example: CSV_EXAMPLE,
              },
            },
          },
          ...problemResponses,
        },
      }),
    );
    app.get(path, async (c) => {
      const { processingId, limit, after, bom } = validate(outcomesQuerySchema, queryOf(c.req.url));
      const { operator } = c.var;
      const which = { ...(kinds ? { kinds } : {}), ...(after ? { after } : {}) };
      const type = accepts(c, { header: "Accept", supports: [JSON_PAGE, ...Object.keys(STREAMS)], default: JSON_PAGE });
      if (bom !== undefined && type !== CSV) throw invalidParameter("bom", `is only for ${CSV}; this is ${type}`);
      const render = STREAMS[type];
      if (!render) {
        const { outcomes, next } = await operator.outcomes(processingId, {
          ...which,
          limit: limit ?? OUTCOME_PAGE.default,
        });
        return c.json({ [name]: outcomes, next: next ? formatCursor(next) : null }, 200);
      }
      if (limit !== undefined)
        throw invalidParameter("limit", `is only for JSON pages; ${type} always returns the whole report`);
      const headers = { "Content-Type": `${type}; charset=utf-8` };
      if (c.req.method === "HEAD") {
        await operator.status(processingId);
        return c.body(null, 200, headers);
      }
      const options = bom === undefined ? {} : { bom };
      return streamResponse(render(outcomePages(operator, processingId, which), options), headers, onError);
    });
  }
}

async function* linesOf(pages: Pages): AsyncGenerator<string, void> {
  for await (const outcomes of pages) {
    if (outcomes.length > 0) yield outcomes.map((outcome) => `${JSON.stringify(outcome)}\n`).join("");
  }
}
