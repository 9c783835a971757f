import { setTimeout as sleep } from "node:timers/promises";
import { invalidParameter } from "../../../../core/errors.js";
import type { JcrClient, JcrRequest } from "../client.js";
import { DavexDialect } from "./davex-dialect.js";
import type { JcrDialect } from "./dialect.js";
import { encodedPath } from "./jcr-names.js";
import { BrokenAnswer, streamMembers } from "../client/json-stream.js";
import type { ResolvedJcrOptions } from "../options.js";
import { SlingDialect } from "./sling-dialect.js";

/** While Sling starts, it answers 404 to every request for a moment before it reports that it is not ready. */
const NOT_YET_MS = 3_000;
const LOOK_EVERY_MS = 500;

/** URL paths of the remoting in Sling, AEM and oak-run. */
const WORKSPACES = ["/server/default/jcr:root", "/crx/server/crx.default/jcr:root", "/jcrremote/default/jcr:root"];

/**
 * Detects a server's dialect, DavEx first, by requesting a node that must exist. Uses GET: a server without remoting would
 * treat a POST as a change of content. Errors: INVALID_PARAMETER if the server speaks no known dialect or denies access;
 * UNAVAILABLE, with `once` after a single try; the signal's reason.
 */
export async function probe(
  client: JcrClient,
  options: ResolvedJcrOptions,
  { signal, once = false }: { readonly signal?: AbortSignal; readonly once?: boolean } = {},
): Promise<JcrDialect> {
  const how = { signal, repeatable: !once };
  for (const until = performance.now() + NOT_YET_MS; ;) {
    const found = await look(client, options, how);
    if (found) return found;
    if (performance.now() >= until || !(await isEmpty(client, how))) break;
    await sleep(LOOK_EVERY_MS, undefined, signal ? { signal } : {});
  }
  const { dialect } = options;
  const wanted = dialect === "davex" ? "DavEx" : dialect === "sling" ? "Sling's JSON" : "DavEx or Sling's JSON";
  throw invalidParameter(
    "assets",
    `${options.origin}${options.base} does not speak ${wanted}, or this user may not read ${rootsOf(options).join(" or ")}`,
  );
}

const rootsOf = ({ root }: ResolvedJcrOptions): readonly string[] => (root === undefined ? ["/", "/content"] : [root]);

type How = Pick<JcrRequest, "signal" | "repeatable">;

async function look(client: JcrClient, options: ResolvedJcrOptions, how: How): Promise<JcrDialect | undefined> {
  const { dialect } = options;
  const roots = rootsOf(options);
  if (dialect !== "sling") {
    for (const workspace of WORKSPACES) {
      for (const root of roots) {
        const address = `${workspace}${root === "/" ? "/" : encodedPath(root)}.0.json`;
        if (await isNode(client, address, how)) return new DavexDialect(client, workspace, root);
      }
    }
  }
  if (dialect !== "davex") {
    for (const root of roots) {
      if (await isNode(client, `${encodedPath(root) || "/"}.0.json`, how)) return new SlingDialect(client, root);
    }
  }
  return undefined;
}

/** Returns whether the server has not even a page at `/`. */
const isEmpty = (client: JcrClient, how: How): Promise<boolean> =>
  client.send({ method: "GET", path: "/", ...how, redirectsTell: true }, async (answer) => {
    await answer.discard();
    return answer.status === 404;
  });

/** Returns whether the response is JSON with a `jcr:primaryType`. */
function isNode(client: JcrClient, path: string, how: How): Promise<boolean> {
  const request = { method: "GET", path, ...how, redirectsTell: true } as const;
  return client.send(request, async (answer) => {
    if (answer.status !== 200 || !/json|text\/plain/.test(answer.header("content-type") ?? "")) {
      await answer.discard();
      return false;
    }
    let found = false;
    try {
      await streamMembers(answer.body, 0, (name) => {
        found = name === "jcr:primaryType";
        return !found;
      });
    } catch (error) {
      // Not JSON: some other page.
      if (!(error instanceof BrokenAnswer)) throw error;
    }
    return found;
  });
}
