import fc from "fast-check";

const API = "/bin/guides/v1/assets/process";
const ENDPOINTS = [
  "",
  "/status",
  "/history",
  "/logs",
  "/logs/download",
  "/cancel",
  "/resume",
  "/pause",
  "/restart",
].concat([
  "/retry-failed",
  "/failures",
  "/outcomes",
  "/events",
  "/results",
  "/openapi.json",
  "/csrf-token",
  "/../status",
  "/../system/status",
]);
const CHANGES = ["", "/cancel", "/resume", "/pause", "/restart", "/retry-failed", "/../status"];

/** A request as it goes over the wire, and what is wrong with it. */
export interface BadRequest {
  readonly kind: string;
  readonly bytes: Buffer;
}

interface Message {
  readonly method?: string;
  readonly target: string;
  readonly headers?: readonly (string | Buffer)[];
  readonly body?: Buffer | string;
  /** Said instead of the body's real length; null: nothing is said. */
  readonly length?: string | null;
}

/** A job that is there, and what opens the door: requests are to be refused for what is wrong with them. */
export interface Target {
  readonly authorization: string;
  readonly processingId: string;
}

const latin = (text: string): Buffer => Buffer.from(text, "latin1");

function wire({ method = "GET", target, headers = [], body = "", length }: Message, known: Target): Buffer {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  const said = length === undefined && (bytes.length > 0 || method === "POST") ? String(bytes.length) : length;
  const lines: (string | Buffer)[] = [
    `${method} ${target} HTTP/1.1`,
    "Host: localhost",
    `Authorization: ${known.authorization}`,
    ...headers,
    ...(said === undefined || said === null ? [] : [`Content-Length: ${said}`]),
  ];
  const head = lines.flatMap((line) => [typeof line === "string" ? Buffer.from(line) : line, latin("\r\n")]);
  return Buffer.concat([...head, latin("\r\n"), bytes]);
}

const JSON_TYPE = "Content-Type: application/json";
const FORM_TYPE = "Content-Type: application/x-www-form-urlencoded";

const endpoint = fc.constantFrom(...ENDPOINTS).map(targetOf);
const changing = fc.constantFrom(...CHANGES).map(targetOf);

/** `/../status` is the sibling's. */
function targetOf(name: string): string {
  const sibling = /^\/\.\.(\/.+)$/.exec(name)?.[1];
  if (sibling === undefined) return `${API}${name}`;
  return sibling === "/status" ? "/bin/guides/v1/assets/status" : `/bin/guides/v1${sibling}`;
}

const strange = fc.oneof(
  fc.constantFrom(null, true, {}, [], [[]], "", " ", "..", "/..", "/a/../b", "\u0000", "\ud800", "a".repeat(5_000)),
  fc.constantFrom(-1, 0.5, 1e21, Number.MAX_SAFE_INTEGER + 2, -1e308, 1_700_000_000),
  fc.jsonValue(),
  fc.string({ unit: "binary" }),
);

const FIELDS = ["path", "paths", "excludedPaths", "type", "filter", "priority", "maxFailures", "dryRun", "onOverlap"];

/** Never sound: there is no such path. */
const wrongTypes = fc
  .tuple(
    fc.uniqueArray(fc.constantFrom(...FIELDS, "__proto__", "constructor", "nope"), { minLength: 1 }),
    fc.array(strange),
  )
  .map(([names, values]) => {
    const pairs = names.map(
      (name, i) => `${JSON.stringify(name)}:${JSON.stringify(values[i % values.length] ?? null)}`,
    );
    return `{"path":"/nowhere/at/all","type":"ASSET_PROCESSING",${pairs.join(",")}}`;
  });

const hugeNumber = fc.constantFrom(
  "1e400",
  "-1e400",
  "9".repeat(400),
  "1e-400",
  "-0",
  "0x10",
  "1_000",
  "٣",
  "NaN",
  "1e5",
);

const deep = fc
  .tuple(fc.constantFrom("[", '{"a":', '{"filter":', "[{}, "), fc.integer({ min: 50, max: 60_000 }), fc.boolean())
  .map(([open, depth, closed]) => {
    const close = open.startsWith("[") ? "]" : "}";
    return `{"path":"/x","type":"T","filter":${open.repeat(depth)}1${closed ? close.repeat(depth) : ""}}`;
  });

const traversal = fc
  .array(
    fc.constantFrom(
      "..",
      ".",
      "%2e%2e",
      "%2e.",
      "..%2f",
      "..%5c",
      "..;",
      "\\..",
      "%00",
      "%c0%ae",
      "//",
      "~",
      "*",
      "etc",
    ),
    {
      minLength: 1,
      maxLength: 8,
    },
  )
  .map((parts) => parts.join("/"));

const brokenUtf8 = fc
  .constantFrom("ff", "c080", "eda080", "f8888080", "e28e", "c3", "f4908080")
  .map((hex) => Buffer.from(hex, "hex"));
const percentBroken = fc.constantFrom("%ff", "%c0%80", "%ed%a0%80", "%", "%2", "%zz", "%u0041", "%00");

const NAMES = [
  "processingId",
  "offset",
  "limit",
  "tail",
  "cursor",
  "before",
  "status",
  "type",
  "path",
  "createdBy",
  "file",
];

const query = fc
  .array(
    fc.tuple(
      fc.constantFrom(...NAMES, "jobId", "nope", "__proto__", "a[b]", "a[]", "%", ""),
      fc.oneof(
        hugeNumber,
        percentBroken,
        fc.webFragments(),
        fc.constantFrom("", "-1", "../..", "1;2", "a".repeat(4_000)),
      ),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((pairs) => pairs.map(([name, value]) => `${name}=${value}`).join("&"));

const token = fc.string({
  unit: fc.constantFrom(..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_!#"),
  minLength: 1,
  maxLength: 20,
});

const headerLine = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(
        ...[
          "Accept",
          "Content-Type",
          "Content-Encoding",
          "Idempotency-Key",
          "Last-Event-ID",
          "Cookie",
          "Origin",
          "Range",
        ],
        ...[
          "Sec-Fetch-Site",
          "X-Forwarded-For",
          "X-Forwarded-Host",
          "Authorization",
          "CSRF-Token",
          "If-None-Match",
          "Expect",
        ],
        ...["Upgrade", "Connection", "TE", "Trailer", "Via", "Host", "X-HTTP-Method-Override", "Accept-Encoding"],
      ),
      fc.oneof(
        fc.constantFrom(
          "",
          " ",
          ",",
          ";",
          "*/*;q=zzz",
          "a".repeat(3_000),
          "application/json; charset=utf-16",
          "bytes=0-,1-",
        ),
        fc.constantFrom(
          "gzip, br",
          "close, keep-alive",
          "websocket",
          "h2c",
          "100-continue",
          "null",
          "Basic",
          "Bearer ",
          "{}",
        ),
        fc.string({ unit: fc.constantFrom(..." !#$%&'()*+,-./0123456789:;<=>?@AZ[]^_`az{|}~") }),
      ),
    )
    .map(([name, value]) => `${name}: ${value}`),
  fc.tuple(token, fc.uint8Array({ maxLength: 60 })).map(([name, bytes]) => Buffer.concat([latin(`${name}: `), bytes])),
  fc.constantFrom(
    " folded: line",
    "NoColon",
    ": no name",
    "A B: c",
    "Content-Length: -1",
    "Content-Length: 1e3",
    "X: a\rb",
  ),
  fc.constantFrom(
    "Content-Length: 5\r\nContent-Length: 6",
    "Transfer-Encoding: chunked, identity",
    "Host: a\r\nHost: b",
  ),
  fc.integer({ min: 1_000, max: 40_000 }).map((length) => `X-Long: ${"x".repeat(length)}`),
  fc.integer({ min: 10, max: 3_000 }).map((count) => Array.from({ length: count }, (_, i) => `X-${i}: y`).join("\r\n")),
);

const chunked = fc
  .tuple(
    fc.array(
      fc.oneof(
        fc.constantFrom(
          "0\r\n\r\n",
          "5\r\nhello\r\n",
          "5\r\nhel",
          "-1\r\n\r\n",
          "ffffffffffffffff\r\n",
          "zz\r\n",
          "5;ext=1\r\nhello\r\n",
        ),
        fc.constantFrom(
          "\r\n",
          "5 \r\nhello\r\n",
          "0x5\r\nhello\r\n",
          "00000000005\r\nhello\r\n",
          "5\nhello\n",
          `5;${"e".repeat(20_000)}\r\n`,
        ),
        fc.constant("0\r\nTrailer: x\r\n\r\n"),
      ),
      { maxLength: 6 },
    ),
    fc.constantFrom(
      "chunked",
      "Chunked",
      "gzip, chunked",
      "chunked, chunked",
      "identity",
      " chunked",
      "chunked;q=1",
      "xchunked",
    ),
    fc.boolean(),
  )
  .map(([chunks, encoding, both]) => ({
    headers: [JSON_TYPE, `Transfer-Encoding: ${encoding}`],
    body: chunks.join(""),
    length: both ? "5" : null,
  }));

const malformed = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
  fc
    .constantFrom(
      "GET\r\n\r\n",
      `GET ${API}\r\n\r\n`,
      `GET ${API}/status HTTP/0.9\r\n\r\n`,
      `GET ${API}/status HTTP/9.9\r\nHost: x\r\n\r\n`,
      `GET ${API}/status HTTP/1.1\r\n\r\n`,
      `GET ${API}/status HTTP/1.1\nHost: x\n\n`,
      `GET  ${API}/status  HTTP/1.1\r\nHost: x\r\n\r\n`,
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET http://evil.example/ HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET http://[::1 HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET ?x HTTP/1.1\r\nHost: x\r\n\r\n",
      "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a@b:c\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: [\r\n\r\n",
      "\r\n\r\n\r\n",
      "\u0016\u0003\u0001\u0002\u0000\u0001",
      `GET /${"a".repeat(70_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
    )
    .map(latin),
);

const methods = fc.oneof(
  fc.constantFrom(
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "HEAD",
    "PROPFIND",
    "QUERY",
    "LOCK",
    "M-SEARCH",
    "get",
    "PoSt",
  ),
  token,
);

/** One bad request, of any kind; over a hundred are needed until every kind was met. */
export function badRequest(known: Target): fc.Arbitrary<BadRequest> {
  const of = (kind: string, message: fc.Arbitrary<Message>): fc.Arbitrary<BadRequest> =>
    message.map((each) => ({ kind, bytes: wire(each, known) }));
  const post = (body: fc.Arbitrary<string | Buffer>, type = JSON_TYPE): fc.Arbitrary<Message> =>
    fc.tuple(changing, body).map(([target, text]) => ({ method: "POST", target, headers: [type], body: text }));
  const get = (text: fc.Arbitrary<string>): fc.Arbitrary<Message> =>
    fc.tuple(endpoint, text, fc.boolean()).map(([target, asked, real]) => ({
      // The real job's id leads past the first check.
      target: `${target}?${real ? `processingId=${known.processingId}&` : ""}${asked}`,
    }));
  return fc.oneof(
    of("wrong types", post(wrongTypes)),
    of(
      "huge numbers in a body",
      post(hugeNumber.map((number) => `{"path":"/nowhere","type":"T","priority":${number}}`)),
    ),
    of("huge numbers in a query", get(hugeNumber.map((number) => `offset=${number}&limit=${number}&tail=${number}`))),
    of(
      "broken UTF-8 in a body",
      post(brokenUtf8.map((bytes) => Buffer.concat([latin('{"type":"T","path":"/'), bytes, latin('"}')]))),
    ),
    of("broken UTF-8 in a query", get(percentBroken.map((text) => `path=/${text}&processingId=${text}`))),
    of(
      "broken UTF-8 in a target",
      percentBroken.map((text) => ({ target: `${API}/${text}` })),
    ),
    of("deep JSON", post(deep)),
    of(
      "traversal in a target",
      traversal.map((text) => ({ target: `${API}/${text}` })),
    ),
    of(
      "traversal in a path",
      post(traversal.map((text) => JSON.stringify({ path: `/content/${text}/..`, type: "ASSET_PROCESSING" }))),
    ),
    of("traversal in a query", get(traversal.map((text) => `path=/content/../${text}&file=${text}`))),
    of(
      "header games",
      fc
        .tuple(endpoint, fc.array(headerLine, { minLength: 1, maxLength: 5 }), fc.boolean())
        .map(([target, headers, real]) => ({
          target: real ? `${target}?processingId=${known.processingId}` : target,
          headers,
        })),
    ),
    of(
      "header games with a body",
      fc.tuple(changing, fc.array(headerLine, { minLength: 1, maxLength: 5 })).map(([target, headers]) => ({
        method: "POST",
        target,
        headers,
        body: "{}",
      })),
    ),
    of(
      "chunked games",
      fc.tuple(changing, chunked).map(([target, rest]) => ({ method: "POST", target, ...rest })),
    ),
    of(
      "bad methods",
      fc.tuple(methods, endpoint).map(([method, target]) => ({ method, target })),
    ),
    of("bad queries", get(query)),
    of("bytes as JSON", post(fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)))),
    of("broken forms", post(fc.oneof(query, traversal), FORM_TYPE)),
    of(
      "other media types",
      fc.tuple(changing, headerLine).map(([target, line]) => ({ method: "POST", target, headers: [line], body: "x" })),
    ),
    of(
      "lengths that lie",
      fc
        .tuple(changing, fc.constantFrom("1", "100", "99999999999", "0", "18446744073709551616"))
        .map(([target, length]) => ({ method: "POST", target, headers: [JSON_TYPE], body: '{"path":"/x"}', length })),
    ),
    { weight: 2, arbitrary: malformed.map((bytes) => ({ kind: "malformed HTTP", bytes })) },
  );
}

/** Larger than what is taken; few of them, for each is a megabyte. */
export const tooLarge = (known: Target): BadRequest => ({
  kind: "too large",
  bytes: wire({ method: "POST", target: API, headers: [JSON_TYPE], body: Buffer.alloc(1_100_000, " ") }, known),
});
