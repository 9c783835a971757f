import { defaultCheck } from "../http/client.js";

const API = "/bin/guides/v1";
const real = globalThis.fetch;

/**
 * Holds every answer of ours that any test fetches against the OpenAPI document, wherever the API is mounted. Ours are
 * told by the header that each of them carries: what plays a broken server in a test is left alone.
 */
const checkedFetch: typeof fetch = async (input, init) => {
  const request = input instanceof Request ? input : undefined;
  const method = (init?.method ?? request?.method ?? "GET").toUpperCase();
  return checked(method, new URL(request?.url ?? String(input)), await real(input, init));
};

/** The answer, once it was held against the document. */
export async function checked(method: string, url: URL, response: Response): Promise<Response> {
  const at = url.pathname.indexOf(API);
  if (at < 0 || response.headers.get("x-content-type-options") !== "nosniff") return response;
  const contentType = response.headers.get("content-type");
  const isJson = /^application\/(problem\+)?json\b/.test(contentType ?? "");
  defaultCheck().check({
    method,
    pathname: url.pathname.slice(at),
    status: response.status,
    contentType,
    // A stream may have no end: of it only status and type are looked at.
    text: isJson ? await response.clone().text() : "",
  });
  return response;
}

export const mochaHooks = {
  beforeAll: (): void => {
    globalThis.fetch = checkedFetch;
  },
  afterAll: (): void => {
    globalThis.fetch = real;
  },
};
