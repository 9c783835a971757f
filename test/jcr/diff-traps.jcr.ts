import { expect } from "chai";
import { rejection } from "../support/deferred.js";
import { damAsset, file, folder, forEachLane } from "./support/fixture.js";
import { raw, rawDiff, rawForm } from "./support/raw.js";
import { WORKSPACE } from "./support/servers.js";

/** What DavEx does to whoever writes carelessly, shown on the server itself; and that our client writes past it. */

const NODE = '{"jcr:primaryType":"nt:unstructured"}';

forEachLane(
  "writing over DavEx",
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

    it("needs the blank before an empty value: without it nothing is saved; ours has it, before other lines, too", async () => {
      await at().write({ kind: "set", node, name: "old", value: "x" });
      const { status } = await rawDiff(at(), `^${node}/old :\n^${node}/new : 1`);
      expect(status).to.be.oneOf([400, 500]);
      expect([await valueOf("old"), await valueOf("new")]).to.deep.equal(["x", undefined]);
      await at().write({ kind: "unset", node, name: "old" }, { kind: "set", node, name: "new", value: 1 });
      expect([await valueOf("old"), await valueOf("new")]).to.deep.equal([undefined, 1]);
    });

    it("takes a line end after the last line for a part of its value: ours has none, and lists and numbers stay what they are", async () => {
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

    it("needs a type at every level of a new node: ours cannot leave one out", async () => {
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

    it("reads no number as JavaScript writes it, and no text without quotes: ours are read, to the last digit", async () => {
      for (const value of ["1e+21", "1e21", "bare"]) {
        expect((await rawDiff(at(), `^${node}/p : ${value}`)).status, value).to.equal(500);
      }
      const numbers = [1e21, 5, 5.5, 1.5e-7, Number.MAX_VALUE, -0];
      await at().write(...numbers.map((value, i) => ({ kind: "set", node, name: `n${i}`, value }) as const));
      for (const [i, number] of numbers.entries()) expect(await valueOf(`n${i}`), String(number)).to.equal(number);
    });

    it("drops a blank or a tab at the end of a path in silence: ours reads, makes and writes no such name", async () => {
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

    it("keeps a single value single: ours turns it into a list, and back, in one save", async () => {
      await at().write({ kind: "set", node, name: "p", value: "x" });
      expect((await rawDiff(at(), `^${node}/p : ["a","b"]`)).kind).to.equal("ValueFormatException");
      await at().write({ kind: "reset", node, name: "p", value: ["a", "b"] });
      expect(await valueOf("p")).to.deep.equal(["a", "b"]);
      await at().write({ kind: "reset", node, name: "p", value: "x" });
      expect(await valueOf("p")).to.equal("x");
    });

    it("refuses a type that is set, and says yes to mixins without setting any: no property of a handler comes to that", async () => {
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

    it("reads a text that names no charset as Latin-1, one with a file's name not at all: ours come back", async () => {
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

    it("takes no urlencoded form of 300 kB: ours are no such forms", async () => {
      const value = "x".repeat(300_000);
      const body = new URLSearchParams({ ":diff": `^${node}/p : "${value}"` });
      expect((await raw(at(), "POST", `${WORKSPACE}/`, { body })).status).to.be.oneOf([400, 413, 500]);
      await at().write({ kind: "set", node, name: "p", value });
      expect(await valueOf("p")).to.equal(value);
    });

    it("keeps half of a surrogate pair from nobody: ours writes the sign for what cannot be read", async () => {
      await at().write({ kind: "set", node, name: "p", value: "a\ud800b" });
      expect(await valueOf("p")).to.equal("a\ufffdb");
      expect(await at().repository.stat([`${at().root}/a\ud800`])).to.deep.equal([undefined]);
    });

    it("has types that take no property, and properties that nobody sets: results stand elsewhere", async () => {
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

    it("has names for its errors that mean more than their status: those that no node can have, and prefixes that it does not know", async () => {
      const { root } = at();
      for (const name of ["a|b", "a*", "a[", "a]"]) {
        const { status, kind } = await rawDiff(at(), `+${root}/${name} : ${NODE}`);
        expect(`${status} ${kind}`, name).to.match(/^(?:403 RepositoryException|409 PathNotFoundException)$/);
      }
      expect((await rawDiff(at(), `+${root}/nosuchprefix:x : ${NODE}`)).status).to.be.oneOf([403, 409]);
    });

    it("lets a lock of another's be written below, and a checked-in node be deleted: ours asks first, and does neither", async () => {
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
