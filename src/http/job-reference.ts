import { invalidParameter } from "../core/errors.js";
import { mediaTypeOf, readText, refuseOtherMediaTypes } from "./body-text.js";
import { parseJson } from "./json-body.js";
import { queryOf } from "./query.js";
import { jobReferenceSchema } from "./schemas.js";
import { validate } from "./validation.js";

const FORM = "application/x-www-form-urlencoded";

/**
 * Which job a request is about: `processingId` in a JSON body, a form body or the query string, for the published page
 * does not say which. Given more than once it has to be the same. Errors: INVALID_PARAMETER, UNKNOWN_FIELD, those of the body.
 */
export async function readJobReference(request: Request, maxBytes: number): Promise<string> {
  const given = [
    validate(jobReferenceSchema, queryOf(request.url)),
    validate(jobReferenceSchema, await body(request, maxBytes)),
  ];
  const ids = new Set(given.flatMap(({ processingId }) => (processingId === undefined ? [] : [processingId])));
  const [id] = ids;
  if (id === undefined) throw invalidParameter("processingId", "is required, in the body or in the query string");
  if (ids.size > 1) throw invalidParameter("processingId", "is one in the body and another in the query string");
  return id;
}

/** No body, whatever its type is said to be, says nothing. */
async function body(request: Request, maxBytes: number): Promise<unknown> {
  const text = await readText(request, maxBytes);
  if (text === "") return {};
  refuseOtherMediaTypes(request.headers, ["application/json", FORM]);
  return mediaTypeOf(request.headers) === FORM ? queryOf(`?${text}`) : parseJson(text);
}
