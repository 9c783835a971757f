import { invalidParameter } from "../core/errors.js";
import { mediaTypeOf, readText, refuseOtherMediaTypes } from "./body-text.js";
import { parseJson } from "./json-body.js";
import { queryOf } from "./query.js";
import { jobReferenceQuerySchema, jobReferenceSchema } from "./schemas.js";
import { validate } from "./validation.js";

const FORM = "application/x-www-form-urlencoded";

/**
 * Reads the `processingId` of a request from a JSON body, a form body or the query string: the published API does not say
 * which. If given more than once, all values must agree. Throws INVALID_PARAMETER, UNKNOWN_FIELD, or the body's errors.
 */
export async function readJobReference(request: Request, maxBytes: number): Promise<string> {
  const given = [
    validate(jobReferenceQuerySchema, queryOf(request.url)),
    validate(jobReferenceSchema, await body(request, maxBytes)),
  ];
  const ids = new Set(given.flatMap(({ processingId }) => processingId ?? []));
  const [id] = ids;
  if (id === undefined) throw invalidParameter("processingId", "is required, in the body or in the query string");
  if (ids.size > 1) throw invalidParameter("processingId", "differs between the body and the query string");
  return id;
}

/** Parses the body. An empty body is valid, whatever its Content-Type. */
async function body(request: Request, maxBytes: number): Promise<unknown> {
  const text = await readText(request, maxBytes);
  if (text === "") return {};
  refuseOtherMediaTypes(request.headers, ["application/json", FORM]);
  return mediaTypeOf(request.headers) === FORM ? queryOf(`?${text}`) : (parseJson(text) ?? {});
}
