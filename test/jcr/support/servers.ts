import { type OakServer, startOak } from "../servers/oak.js";
import { type SlingServer, startSling } from "../servers/sling.js";
import { registerNodeTypes } from "./node-types.js";

/** A running server and one way to speak with it: a lane of the tests. */
export interface Lane {
  readonly name: string;
  readonly origin: string;
  readonly dialect: "davex" | "sling";
  readonly user: string;
  readonly password: string;
  /** Of our own, so that it can be killed, and told what DavEx cannot; undefined for a server that was given. */
  readonly oak?: OakServer;
  readonly sling?: SlingServer;
}

export const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;

export const WORKSPACE = "/server/default/jcr:root";

let lanes: readonly Lane[] = [];
const servers: { stop(): Promise<void> }[] = [];

/** The lanes of this run; known once the root hook ran. Titles of suites are made before: see `forEachLane`. */
export const runningLanes = (): readonly Lane[] => lanes;

/** A server that was given, and who is to work there. */
const given = process.env.JCR_URL === undefined ? undefined : serverOf(process.env.JCR_URL);
const givenHasSling = given !== undefined && (await hasSling(given));
if (given && !givenHasSling) {
  process.stderr.write("\n*** NOT TESTED against JCR_URL: Sling's GET and POST, which it does not have ***\n");
}

/** JCR_URL: that server alone. JCR_SERVERS: oak, sling or both. */
export const plannedLanes = (): readonly string[] => {
  if (given) return ["JCR_URL, DavEx", ...(givenHasSling ? ["JCR_URL, Sling"] : [])];
  const wanted = (process.env.JCR_SERVERS ?? "oak,sling").split(",");
  return [
    ...(wanted.includes("oak") ? ["Oak, DavEx"] : []),
    ...(wanted.includes("sling") ? ["Sling, DavEx", "Sling, GET and POST"] : []),
  ];
};

function serverOf(uri: string): Pick<Lane, "origin" | "user" | "password"> {
  const url = new URL(uri.replace(/^jcr\+/, ""));
  const [user, password] = [url.username, url.password].map(decodeURIComponent);
  return { origin: url.origin, user: user || "admin", password: password || "admin" };
}

/** Sling lists its root as JSON; a server of remoting alone does not know that address. */
async function hasSling({ origin, user, password }: Pick<Lane, "origin" | "user" | "password">): Promise<boolean> {
  const headers = { authorization: basic(user, password) };
  const response = await fetch(`${origin}/.1.json`, {
    headers,
    redirect: "manual",
    signal: AbortSignal.timeout(30_000),
  });
  await response.arrayBuffer();
  return response.ok;
}

async function start(): Promise<readonly Lane[]> {
  const admin = { user: "admin", password: "admin" };
  const planned = plannedLanes();
  if (given) {
    return planned.map((name) => ({ name, dialect: name.endsWith("Sling") ? "sling" : "davex", ...given }));
  }
  const found: Lane[] = [];
  if (planned.includes("Oak, DavEx")) {
    const oak = await startOak("segment");
    servers.push(oak);
    found.push({ name: "Oak, DavEx", origin: oak.origin, dialect: "davex", oak, ...admin });
  }
  if (planned.includes("Sling, DavEx")) {
    const sling = await startSling();
    servers.push(sling);
    found.push({ name: "Sling, DavEx", origin: sling.origin, dialect: "davex", sling, ...admin });
    found.push({ name: "Sling, GET and POST", origin: sling.origin, dialect: "sling", sling, ...admin });
  }
  return found;
}

export const mochaHooks = {
  async beforeAll(this: Mocha.Context): Promise<void> {
    this.timeout(900_000);
    lanes = await start();
    for (const origin of new Set(lanes.map((lane) => lane.origin))) {
      await registerNodeTypes(origin, WORKSPACE, basic(lanes[0]?.user ?? "", lanes[0]?.password ?? ""));
    }
  },
  async afterAll(this: Mocha.Context): Promise<void> {
    for (const server of servers) await server.stop();
  },
};
