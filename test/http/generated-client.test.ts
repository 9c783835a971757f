import { expect } from "chai";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";
import ts from "typescript";
import { MillServer, TYPE } from "./mill-server.js";

/** In the build, so that what is generated finds the packages that it imports. */
const BUILD = "build";

/** Uses the API as a user would write it: nothing that the document calls optional is given. */
const USER = `
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

export async function use(baseUrl: string, token: string) {
  const client = createClient<paths>({ baseUrl, headers: { Authorization: \`Bearer \${token}\` } });
  const base = "/bin/guides/v1/assets/process";
  const started = await client.POST(base, { body: { path: "/in", type: "${TYPE}" } });
  if (!started.data) throw new Error(started.error.code);
  const { processingId } = started.data;
  const query = { processingId };
  let job: components["schemas"]["Job"] | undefined;
  do job = (await client.GET(\`\${base}/status\`, { params: { query } })).data;
  while (job?.completedAt === 0);
  const tail = await client.GET(\`\${base}/logs\`, { params: { query: { processingId, tail: 1 } } });
  const outcomes = await client.GET(\`\${base}/outcomes\`, { params: { query } });
  const history = await client.GET(\`\${base}/history\`);
  const restarted = await client.POST(\`\${base}/restart\`, { body: { processingId } });
  const cancelled = await client.POST(\`\${base}/cancel\`, { params: { query } });
  const several = await client.POST(base, {
    body: { paths: ["/nowhere"], type: "${TYPE}", maxFailures: "5%", priority: null, filter: { fileTypes: ["DITAMAP"] } },
  });
  const listing = await client.POST("/bin/guides/v1/assets/status", { body: { paths: ["/in"] } });
  return {
    status: job?.status,
    lines: tail.data?.lines.length,
    outcomes: typeof outcomes.data === "object" && outcomes.data.outcomes.map(({ outcome }) => outcome),
    jobs: history.data?.executionHistory.length,
    restartedFrom: restarted.data?.restartedFrom === processingId,
    cancelled: cancelled.error?.code,
    several: several.error?.code,
    listing: listing.data?.status,
  };
}
`;

/** What a client's author writes wrongly, and the field that the compiler has to name. */
const WRONG: Readonly<Record<string, readonly [request: string, field: string]>> = {
  "no type": ['{ path: "/in" }', "type"],
  "neither path nor paths": [`{ type: "${TYPE}" }`, "path"],
  "a type that the server does not know": ['{ path: "/in", type: "NOPE" }', "type"],
  "a field that is none": [`{ path: "/in", type: "${TYPE}", exludedPaths: [] }`, "exludedPaths"],
  "a file type that is none": [`{ path: "/in", type: "${TYPE}", filter: { fileTypes: ["XML"] } }`, "XML"],
};

describe("a client that openapi-typescript generates with its default settings", () => {
  let server: MillServer;
  let folder: string;

  before(async () => {
    server = await MillServer.open({ "/in/a.txt": "", "/in/b.txt": "fail" });
    await mkdir(BUILD, { recursive: true });
    folder = await mkdtemp(join(BUILD, "generated-client-"));
    const { body } = await server.get("/openapi.json");
    await writeFile(join(folder, "api.ts"), astToString(await openapiTS(JSON.stringify(body))));
  });
  after(async () => {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Compiles a file beside the generated one, strictly. Returns what the compiler says, by line. */
  async function compile(name: string, source: string): Promise<{ line: number; message: string }[]> {
    const file = join(folder, name);
    await writeFile(file, source);
    const program = ts.createProgram([file], {
      strict: true,
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      lib: ["lib.es2022.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
      types: [],
    });
    const emitted = program.emit();
    return [...ts.getPreEmitDiagnostics(program), ...emitted.diagnostics].map(({ file: at, start, messageText }) => ({
      line: at && start !== undefined ? at.getLineAndCharacterOfPosition(start).line : -1,
      message: ts.flattenDiagnosticMessageText(messageText, "\n"),
    }));
  }

  it("compiles, starts a job with the documented minimal body, and reads what becomes of it", async () => {
    expect(await compile("user.ts", USER)).to.deep.equal([]);
    const { use } = (await import(pathToFileURL(join(folder, "user.js")).href)) as {
      use: (origin: string, token: string) => Promise<object>;
    };
    expect(await use(server.origin, server.token)).to.deep.equal({
      status: "SUCCESS",
      lines: 1,
      outcomes: ["SUCCEEDED", "FAILED"],
      jobs: 1,
      restartedFrom: true,
      cancelled: "ILLEGAL_STATE",
      several: "PATH_NOT_FOUND",
      listing: "WAITING",
    });
  });

  it("does not compile with what the server would refuse", async () => {
    const wrong = Object.values(WRONG).map(
      ([request], i) => `export const request${i}: components["schemas"]["StartRequest"] = ${request};`,
    );
    const source = ['import type { components } from "./api.js";', ...wrong].join("\n");
    const found = await compile("wrong.ts", source);
    Object.entries(WRONG).forEach(([what, [, field]], i) => {
      const messages = found.filter(({ line }) => line === i + 1).map(({ message }) => message);
      expect(messages.join("\n"), what).to.include(field);
    });
  });
});
