import { expect } from "chai";
import { multipart } from "../../src/adapters/assets/jcr/client/multipart.js";
import { rejection } from "../support/deferred.js";
import { damAsset, file, folder, forEachLane } from "./support/fixture.js";
import { raw, rawForm, rawRead } from "./support/raw.js";
import { startProxy } from "./support/recording-proxy.js";
import { basic, WORKSPACE } from "./support/servers.js";

/** What DavEx does to whoever reads carelessly, shown on the server itself; and that our client reads past it. */

const address = (path: string): string => `${WORKSPACE}${path.split("/").map(encodeURIComponent).join("/")}`;

forEachLane(
  "a DavEx server, when read",
  (at) => {
    it("has its root at a special address, not at its plain one; our client reads it", async () => {
      expect((await raw(at(), "GET", `${WORKSPACE}.0.json`)).status).to.equal(403);
      const [root] = await at().dialect.read(["/"], 0);
      expect(root?.properties.get("jcr:primaryType")?.value).to.equal("rep:root");
    });

    it("treats a caller who authenticates late as anonymous; our client does with its first request", async () => {
      const { root, lane } = at();
      await at().files("dam", "a");
      const response = await fetch(`${lane.origin}${WORKSPACE}/var.0.json`, { redirect: "manual" });
      await response.body?.cancel();
      expect(response.status, "a nobody's answer").to.be.oneOf([401, 403, 404]);
      const proxy = await startProxy(lane.origin);
      try {
        const repository = at().open({ url: proxy.origin });
        expect((await repository.stat([`${root}/a`]))[0]?.kind).to.equal("asset");
        expect(proxy.asked.filter(({ headers }) => headers.authorization === undefined)).to.deep.equal([]);
      } finally {
        await proxy.close();
      }
    });

    it("refuses a form with a missing or foreign Referer if it is strict; our client always sends its own", async () => {
      const { root, dialect } = at();
      const { contentType, body } = multipart([{ name: ":include", text: root }]);
      const { origin, user, password, name } = at().lane;
      const statuses = await Promise.all(
        ([{}, { Referer: "http://elsewhere/" }] as Record<string, string>[]).map(async (referer) => {
          const headers = { Authorization: basic(user, password), "Content-Type": contentType, ...referer };
          const init = { method: "POST", headers, body: body as Buffer };
          const response = await fetch(`${origin}${WORKSPACE}/.0.json`, init);
          await response.body?.cancel();
          return response.status;
        }),
      );
      if (name.startsWith("JCR_URL")) expect(statuses[0]).to.be.oneOf([200, 403]);
      else expect(statuses).to.deep.equal(Array<number>(2).fill(name.startsWith("Oak") ? 403 : 200));
      expect((await dialect.read([root], 0))[0]).not.to.equal(undefined);
    });

    it("accepts no compressed form", async () => {
      const form = rawForm([{ name: ":include", text: at().root }], { "Content-Encoding": "gzip" });
      expect((await raw(at(), "POST", `${WORKSPACE}/.0.json`, form)).status).to.be.oneOf([400, 415, 500]);
    });

    it("returns everything below a node without a depth, and nothing for a depth in words", async () => {
      const { root } = at();
      await at().add(`${root}/a`, damAsset("a"));
      const whole = await raw(at(), "POST", `${WORKSPACE}/.json`, rawForm([{ name: ":include", text: `${root}/a` }]));
      expect(whole.text).to.include("renditions").and.to.include("jcr:data");
      const own = await rawRead(at(), [`${root}/a`]);
      expect(own.text).not.to.include("renditions");
      const node = address(`${root}/a`);
      expect((await raw(at(), "GET", `${node}.-1.json`)).text).to.include("jcr:data");
      expect((await raw(at(), "GET", `${node}.deep.json`)).status).to.equal(404);
    });

    it("gets from our client only reads to a depth, by GET and POST, and lock checks: no ranges, compression or queries", async () => {
      const { root, lane } = at();
      await at().files("dam", "a", "f/b");
      await at().files("file", "c.xml", "f/d");
      const proxy = await startProxy(lane.origin);
      try {
        const repository = at().open({ url: proxy.origin });
        for await (const { assets } of repository.scan(at().scope(), { pageSize: 10 })) {
          for (const { path } of assets) for await (const _ of repository.read(path));
          const writes = await Promise.all([...assets].map(({ path }) => at().writeOf(path, { properties: { path } })));
          expect(await repository.apply(writes)).to.deep.equal([]);
          await repository.results([...assets].map(({ path }) => path));
        }
        await repository.stat([root, `${root}/a`, `${root}/gone`]);
        const odd = proxy.asked.filter(({ method, path, headers }) => {
          if (headers.range !== undefined || headers["content-encoding"] !== undefined) return true;
          if (method === "PROPFIND") return headers.depth !== "0";
          if (method === "POST" && path === `${WORKSPACE}/`) return false;
          if (method === "GET" && path.endsWith("/jcr%3Adata")) return false;
          return !(method === "GET" || method === "POST") || !/\.[01]\.json$/.test(path);
        });
        expect(odd).to.deep.equal([]);
        expect(proxy.asked.length).to.be.above(8);
      } finally {
        await proxy.close();
      }
    });

    it("returns a node that is named like a listing as XML; our client reads both, and JSON under any content type", async () => {
      const { root, dialect } = at();
      await at().add(`${root}/x`, { ...folder(), properties: { "sling:which": "x" } });
      await at().add(`${root}/x.0.json`, { ...folder(), properties: { "sling:which": "x.0.json" } });
      const hidden = await raw(at(), "GET", address(`${root}/x.0.json`));
      expect(hidden.type).to.include("xml");
      const plain = await raw(at(), "GET", address(`${root}.0.json`));
      if (at().lane.name.startsWith("Sling")) expect(plain.type).to.include("text/plain");
      else expect(plain.type).to.match(/json|text\/plain/);
      const nodes = await dialect.read([`${root}/x`, `${root}/x.0.json`], 0);
      expect(nodes.map((node) => node?.properties.get("sling:which")?.value)).to.deep.equal(["x", "x.0.json"]);
    });

    it("treats a multi-read below a missing node as a change of content, and refuses it", async () => {
      const { root } = at();
      const { status, kind } = await rawRead(at(), [root], `${root}/gone`);
      expect([status, kind]).to.deep.equal([403, "RepositoryException"]);
      expect((await raw(at(), "GET", address(`${root}/gone.0.json`))).status).to.equal(404);
    });

    it("may lose its root midway and get it back: no asset is blamed", async () => {
      const { root } = at();
      await at().files("dam", "base/x", "a");
      const repository = at().open({ root: `${root}/base`, tries: 1 });
      expect((await repository.stat([`${root}/a`]))[0]?.kind).to.equal("asset");
      await at().write({ kind: "delete", path: `${root}/base` });
      const error = await rejection(repository.stat([`${root}/a`]));
      expect(error).to.include({ code: "UNAVAILABLE" });
      expect(String(error)).to.include(`${root}/base`).and.to.include("?root=");
      await at().add(`${root}/base`, folder());
      expect((await repository.stat([`${root}/a`]))[0]?.kind).to.equal("asset");
    });

    it("fails a whole multi-read for one impossible path; our client sends none, and the rest is answered", async () => {
      const { root, dialect } = at();
      const impossible = [`${root}/[`, `${root}/a:b:c`, `${root}//x`];
      const statuses = await Promise.all(impossible.map(async (path) => (await rawRead(at(), [root, path])).status));
      // Old servers pass over some of them.
      expect(statuses).to.include(500);
      expect(statuses.filter((status) => status !== 500 && status !== 200)).to.deep.equal([]);
      for (const path of [`${root}/nosuchprefix:x`, "relative"]) {
        const { status, text } = await rawRead(at(), [root, path]);
        expect([status, text.includes(path)], path).to.deep.equal([200, false]);
      }
      const wanted = [`${root}/a:b:c`, root, `${root}//x`, `${root}/[`, "relative", "", `${root}/nosuchprefix:x`];
      const nodes = await dialect.read(wanted, 0);
      expect(nodes.map((node) => node !== undefined)).to.deep.equal([false, true, ...Array<boolean>(5).fill(false)]);
    });

    it("returns the whole binary for a range; our client requests no range", async () => {
      await at().add(`${at().root}/f`, file("0123456789"));
      const data = `${address(`${at().root}/f/jcr:content`)}/jcr%3Adata`;
      const { status, text } = await raw(at(), "GET", data, { headers: { Range: "bytes=2-3" } });
      expect([status, text]).to.deep.equal([200, "0123456789"]);
    });
  },
  (lane) => lane.includes("DavEx"),
);
