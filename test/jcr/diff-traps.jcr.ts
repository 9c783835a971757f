import { expect } from "chai";
import { rejection } from "../support/deferred.js";
import { damAsset, file, folder, forEachLane } from "./support/fixture.js";
import { raw, rawDiff, rawForm } from "./support/raw.js";
import { WORKSPACE } from "./support/servers.js";

/** What DavEx does to whoever writes carelessly, shown on the server itself; and that our client writes past it. */

const NODE = '{"jcr:primaryType":"nt:unstructured"}';

forEachLane(
  "a DavEx server, when written",
  (at) => {
    let node: string;
    beforeEach(async () => {
      node = `${at().root}/n`;
      await at().add(node, { primaryType: "nt:unstructured" });
    });
    const propertiesOf = async (path = node) => {
      const [read] = await at().dialect.read([path], 0);
      return read?.properties;
    };
    const valueOf = async (name: string) => (await propertiesOf())?.get(name)?.value;

    it("saves nothing without the space before an empty value; our client sends it, before other lines, too", async () => {
      await at().write({ kind: "set", node, name: "old", value: "x" });
      const { status } = await rawDiff(at(), `^${node}/old :\n^${node}/new : 1`);
      expect(status).to.be.oneOf([400, 500]);
      expect([await valueOf("old"), await valueOf("new")]).to.deep.equal(["x", undefined]);
      await at().write({ kind: "unset", node, name: "old" }, { kind: "set", node, name: "new", value: 1 });
      expect([await valueOf("old"), await valueOf("new")]).to.deep.equal([undefined, 1]);
    });

    it("reads a line end after the last line as part of its value; our client sends none, so lists and numbers stay intact", async () => {
      expect((await rawDiff(at(), `^${node}/fresh : ["x","y"]\n`)).status).to.equal(200);
      expect(await valueOf("fresh"), "a new list").to.equal("y");
      await at().write({ kind: "set", node, name: "list", value: ["x", "y"] });
      expect((await rawDiff(at(), `^${node}/list : ["z"]\n`)).kind).to.equal("ValueFormatException");
      expect((await rawDiff(at(), `^${node}/number : 5\n`)).status).to.equal(500);
      expect((await rawDiff(at(), `+${node}/child : ${NODE}\n`)).status).to.equal(400);
      await at().write({ kind: "set", node, name: "list", value: ["z"] });
      await at().write({ kind: "set", node, name: "number", value: 5 });
      await at().add(`${node}/child`, { primaryType: "nt:unstructured" });
      expect([await valueOf("list"), await valueOf("number")]).to.deep.equal([["z"], 5]);
      expect(await propertiesOf(`${node}/child`)).not.to.equal(undefined);
    });

    it("requires a type at every level of a new node; our client cannot omit one", async () => {
      expect((await rawDiff(at(), `+${node}/a : {"jcr:primaryType":"nt:unstructured","b":{"p":1}}`)).status).to.equal(
        500,
      );
      expect((await at().dialect.read([`${node}/a`], 0))[0]).to.equal(undefined);
      await at().add(`${node}/a`, {
        primaryType: "nt:unstructured",
        children: { b: { primaryType: "nt:unstructured", properties: { p: 1 } } },
      });
      expect((await propertiesOf(`${node}/a/b`))?.get("p")?.value).to.equal(1);
    });

    it("reads no number in JavaScript's notation and no unquoted text; our client's are read, to the last digit", async () => {
      for (const value of ["1e+21", "1e21", "bare"]) {
        expect((await rawDiff(at(), `^${node}/p : ${value}`)).status, value).to.equal(500);
      }
      const numbers = [1e21, 5, 5.5, 1.5e-7, Number.MAX_VALUE, -0];
      await at().write(...numbers.map((value, i) => ({ kind: "set", node, name: `n${i}`, value }) as const));
      for (const [i, number] of numbers.entries()) expect(await valueOf(`n${i}`), String(number)).to.equal(number);
    });

    it("silently drops a space or tab at the end of a path; our client reads, creates and writes no such name", async () => {
      for (const end of [" ", "\t"]) {
        expect((await rawDiff(at(), `^${node}/p${end} : "for another"`)).status).to.equal(200);
        expect(await valueOf("p")).to.equal("for another");
        expect((await rawDiff(at(), `^${node}/p : \n+${node}/c${end} : ${NODE}`)).status).to.equal(200);
        expect(await propertiesOf(`${node}/c`), "made as another").not.to.equal(undefined);
        await at().write({ kind: "delete", path: `${node}/c` });
        const path = `${at().root}/blank${end}`;
        const asset = { path, fileType: "OTHERS", sizeBytes: 1, createdMs: 0, modifiedMs: 0 } as const;
        const content = async function* () {
          yield Buffer.from("x");
        };
        const [ended] = await at().repository.sink.put([{ asset, content }]);
        expect(ended).to.include({ code: "WRITE_FAILED" });
        expect(await at().repository.stat([path, path.trim()])).to.deep.equal([undefined, undefined]);
      }
    });

    it("refuses to turn a single value into a list; our client does so, and back, in one save", async () => {
      await at().write({ kind: "set", node, name: "p", value: "x" });
      expect((await rawDiff(at(), `^${node}/p : ["a","b"]`)).kind).to.equal("ValueFormatException");
      await at().write({ kind: "reset", node, name: "p", value: ["a", "b"] });
      expect(await valueOf("p")).to.deep.equal(["a", "b"]);
      await at().write({ kind: "reset", node, name: "p", value: "x" });
      expect(await valueOf("p")).to.equal("x");
    });

    it("refuses to set a type and ignores mixins that it accepts; a handler's properties never set either", async () => {
      const { root } = at();
      expect((await rawDiff(at(), `^${node}/jcr:primaryType : "nt:folder"`)).status).to.equal(400);
      expect((await rawDiff(at(), `^${node}/jcr:mixinTypes : ["mix:title"]`)).status).to.equal(200);
      expect(await valueOf("jcr:mixinTypes")).to.equal(undefined);
      await at().files("dam", "a");
      const properties = { "jcr:primaryType": "nt:folder", "jcr:mixinTypes": ["mix:title"] };
      const write = await at().writeOf(`${root}/a`, { properties });
      expect(await at().repository.apply([write])).to.deep.equal([]);
      expect((await at().repository.results([`${root}/a`]))[0]?.properties).to.deep.equal(properties);
      const content = await propertiesOf(`${root}/a/jcr:content`);
      expect(content?.get("jcr:primaryType")?.value).to.equal("dam:AssetContent");
      expect(content?.has("jcr:mixinTypes")).to.equal(false);
    });

    it("decodes text without a charset as Latin-1, and text with a file name not at all; our client's is read as written", async () => {
      const text = "\u00e9\u{1f600}";
      const diff = `^${node}/p : ${JSON.stringify(text)}`;
      for (const part of [
        { name: ":diff", text: diff, type: "text/plain" },
        { name: ":diff", text: diff, fileName: "x" },
      ]) {
        await raw(at(), "POST", `${WORKSPACE}/`, rawForm([part]));
        expect(await valueOf("p")).not.to.equal(text);
      }
      await at().write({ kind: "set", node, name: "p", value: text });
      expect(await valueOf("p")).to.equal(text);
    });

    it("accepts no urlencoded form of 300 kB; our client sends none", async () => {
      const value = "x".repeat(300_000);
      const body = new URLSearchParams({ ":diff": `^${node}/p : "${value}"` });
      expect((await raw(at(), "POST", `${WORKSPACE}/`, { body })).status).to.be.oneOf([400, 413, 500]);
      await at().write({ kind: "set", node, name: "p", value });
      expect(await valueOf("p")).to.equal(value);
    });

    it("gets U+FFFD from our client for half of a surrogate pair", async () => {
      await at().write({ kind: "set", node, name: "p", value: "a\ud800b" });
      expect(await valueOf("p")).to.equal("a\ufffdb");
      expect(await at().repository.stat([`${at().root}/a\ud800`])).to.deep.equal([undefined]);
    });

    it("has types that accept no property, and properties that nobody may set; results are stored elsewhere", async () => {
      const { root } = at();
      await at().add(`${root}/a`, damAsset("a"));
      await at().add(`${root}/f`, file("f"));
      await at().add(`${root}/d`, { primaryType: "nt:folder" });
      for (const path of [`${root}/a`, `${root}/f`, `${root}/d`]) {
        const unknown = await rawDiff(at(), `^${path}/assetmill_x : 1`);
        expect([unknown.status, unknown.kind], path).to.deep.equal([409, "ConstraintViolationException"]);
      }
      const created = await rejection(
        at().write({ kind: "set", node: `${root}/f`, name: "jcr:created", value: new Date(0) }),
      );
      expect(created).to.include({ status: 409 });
      for (const path of [`${root}/a`, `${root}/f`]) {
        expect(await at().repository.apply([await at().writeOf(path, { properties: { x: 1 } })])).to.deep.equal([]);
      }
    });

    it("names the error for impossible names and unknown prefixes more precisely than by its status", async () => {
      const { root } = at();
      for (const name of ["a|b", "a*", "a[", "a]"]) {
        const { status, kind } = await rawDiff(at(), `+${root}/${name} : ${NODE}`);
        expect(`${status} ${kind}`, name).to.match(/^(?:403 RepositoryException|409 PathNotFoundException)$/);
      }
      expect((await rawDiff(at(), `+${root}/nosuchprefix:x : ${NODE}`)).status).to.be.oneOf([403, 409]);
    });

    it("allows writes below another's lock and deletes of checked-in nodes; our client checks first, and does neither", async () => {
      const { root } = at();
      await at().add(`${root}/deep`, folder());
      await at().files("dam", "deep/a", "in");
      await at().mixin(`${root}/deep`, "mix:lockable");
      await at().lock(`${root}/deep`, "infinity");
      if (at().lane.oak) {
        const user = `l${Date.now().toString(36)}`;
        await at().user(user);
        const headers = { Authorization: `Basic ${Buffer.from(`${user}:${user}-pw`).toString("base64")}` };
        const form = rawForm([{ name: ":diff", text: `^${root}/deep/a/jcr:content/by : "another"` }], headers);
        expect((await raw(at(), "POST", `${WORKSPACE}/`, form)).status).to.equal(200);
      }
      await at().mixin(`${root}/in`, "mix:versionable");
      await at().checkIn(`${root}/in`);
      const writes = await Promise.all(["deep/a", "in"].map((name) => at().writeOf(`${root}/${name}`)));
      const refused = await at().repository.apply(writes);
      expect(refused.map(({ code }) => code)).to.deep.equal(["LOCKED", "CHECKED_OUT"]);
      expect((await rawDiff(at(), `-${root}/in : `)).status).to.equal(200);
    });
  },
  (lane) => lane.includes("DavEx"),
);
