import { expect } from "chai";
import { JcrClient } from "../../src/adapters/assets/jcr/client.js";
import { resolveJcrOptions } from "../../src/adapters/assets/jcr/options.js";
import { SlingDialect } from "../../src/adapters/assets/jcr/dialects/sling-dialect.js";
import { rejection } from "../support/deferred.js";
import { forEachLane, type JcrFixture } from "./support/fixture.js";
import { raw, rawForm } from "./support/raw.js";
import { startProxy } from "./support/recording-proxy.js";

/** What Sling's own GET and POST do to whoever is careless, shown on the server itself; and that our client is not. */

const clientOf = ({ lane }: JcrFixture): JcrClient => {
  const { origin: url, user, password } = lane;
  return new JcrClient(resolveJcrOptions({ url, user, password }));
};

forEachLane(
  "Sling's GET and POST",
  (at) => {
    let client: JcrClient;
    let sling: SlingDialect;
    let node: string;
    beforeEach(async () => {
      client = clientOf(at());
      sling = new SlingDialect(client, "/content");
      node = `${at().root}/n`;
      await at().add(node, { primaryType: "nt:unstructured" });
    });
    afterEach(() => client.close());

    const post = (parts: Record<string, string>, path = at().root) =>
      raw(
        at(),
        "POST",
        path,
        rawForm(
          Object.entries(parts).map(([name, text]) => ({ name, text })),
          { Accept: "application/json" },
        ),
      );
    const propertiesOf = async (path = node) => (await at().dialect.read([path], 0))[0]?.properties;

    it("silently create missing nodes; our client removes them again and reports the node as gone", async () => {
      expect((await post({ [`${node}/made`]: "x", [`${node}/on/the/way/p`]: "x" })).status).to.be.oneOf([200, 201]);
      expect(await propertiesOf(`${node}/on/the/way`)).not.to.equal(undefined);
      const fault = await rejection(sling.write([{ kind: "set", node: `${node}/gone`, name: "a", value: "x" }]));
      expect(fault).to.include({ kind: "PathNotFoundException" });
      expect(await at().dialect.read([`${node}/gone`], 0)).to.deep.equal([undefined]);
    });

    it("return for a missing node one named like the beginning of its path; our client is not misled", async () => {
      const { root } = at();
      await at().files("file", "data/real", "data.json/other");
      const found = await at().repository.stat([
        `${root}/data.json/gone`,
        `${root}/data.json/gone/real`,
        `${root}/data.json`,
      ]);
      expect(found.map((one) => one?.kind)).to.deep.equal([undefined, undefined, "folder"]);
      const scope = at().scope({ roots: [`${root}/data.json/gone`] });
      expect(await at().paths(scope)).to.deep.equal([]);
    });

    it("resolve `x.1` to `x`; our client keeps both apart", async () => {
      await at().files("file", "x/in-x", "x.1/in-x-1", "x.1.json/in-x-1-json");
      expect(await at().paths()).to.deep.equal(["x/in-x", "x.1/in-x-1", "x.1.json/in-x-1-json"]);
    });

    it("report a missing node as deleted, and accept any date; our client's dates are stored exactly", async () => {
      const gone = await post({ ":operation": "delete", ":applyTo": `${node}/gone` });
      expect(gone.status).to.equal(200);
      const odd = await post({ [`${node}/date`]: "2026-13-45T00:00:00.000Z", [`${node}/date@TypeHint`]: "Date" });
      expect(odd.status).to.be.oneOf([200, 201]);
      expect(String((await propertiesOf())?.get("date")?.value)).to.match(/^2027-02-14/);
      const value = new Date("2026-01-31T23:59:59.123Z");
      await sling.write([{ kind: "set", node, name: "date", value }]);
      expect(Date.parse(String((await propertiesOf())?.get("date")?.value))).to.equal(value.getTime());
    });

    it("delete a property that is posted empty; our client's empty results are kept", async () => {
      await at().write({ kind: "set", node, name: "p", value: "x" });
      expect((await post({ [`${node}/p`]: "" })).status).to.equal(200);
      expect((await propertiesOf())?.has("p")).to.equal(false);
      await at().files("dam", "a");
      const write = await at().writeOf(`${at().root}/a`, { properties: { empty: "" } });
      expect(await at().repository.apply([write])).to.deep.equal([]);
      expect((await at().repository.results([write.path]))[0]?.properties).to.deep.equal({ empty: "" });
    });

    it("save all of a form or nothing, even for our client", async () => {
      const { root } = at();
      await at().files("file", "f");
      const fault = await rejection(
        sling.write([
          { kind: "set", node, name: "first", value: 1 },
          { kind: "set", node: `${root}/f`, name: "no-file-has-this", value: 2 },
        ]),
      );
      expect(fault).to.have.property("status").that.is.at.least(400);
      expect((await propertiesOf())?.has("first")).to.equal(false);
    });

    it("drop everything after 10,000 parameters and report success; our client refuses to send so many", async () => {
      const form = rawForm(
        Array.from({ length: 10_500 }, (_, i) => ({ name: `${node}/list`, text: `v${i}` })),
        { Accept: "application/json" },
      );
      expect((await raw(at(), "POST", at().root, form)).status).to.be.oneOf([200, 201]);
      const kept = (await propertiesOf())?.get("list")?.value;
      expect(kept).to.have.property("length").that.is.at.most(10_000);
      await at().files("dam", "a", "b");
      const [a, b] = [`${at().root}/a`, `${at().root}/b`];
      const many = await at().writeOf(a, { properties: { list: Array.from({ length: 10_500 }, (_, i) => `v${i}`) } });
      const refused = await at().repository.apply([many, await at().writeOf(b, { properties: { x: 1 } })]);
      expect(refused.map(({ path, code }) => [path, code])).to.deep.equal([[a, "WRITE_FAILED"]]);
      expect(refused[0]?.message).to.include("parameters");
      const results = await at().repository.results([a, b]);
      expect(results.map((result) => result?.properties)).to.deep.equal([undefined, { x: 1 }]);
    });

    it("are asked by our client for names in no order, since an order makes listing slow", async () => {
      const { root, lane } = at();
      await at().files("file", "f/a", "f/b");
      const proxy = await startProxy(lane.origin);
      try {
        const repository = at().open({ url: proxy.origin });
        for await (const _ of repository.scan(at().scope(), { pageSize: 10 }));
        const listings = proxy.asked.filter(({ path }) => path.startsWith(`${root}.`) || path.startsWith(`${root}/f.`));
        expect(listings.map(({ path }) => path)).to.have.length(2);
        expect(listings.filter(({ path }) => path.includes("harray"))).to.deep.equal([]);
      } finally {
        await proxy.close();
      }
    });
  },
  (lane) => lane.includes("Sling") && !lane.includes("DavEx"),
);
