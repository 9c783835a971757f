import { expect } from "chai";
import { AssetmillError } from "../../src/core/errors.js";
import { isDatabaseUri, parseAssetsUri, parseStoreUri, withoutPassword } from "../../src/composition/uris.js";

const refusal = (parse: () => unknown): AssetmillError => {
  try {
    parse();
  } catch (error) {
    if (AssetmillError.is(error)) return error;
    throw error;
  }
  throw new Error("was not refused");
};

describe("a URI", () => {
  it("has for a folder its mount, and a question mark in its name as %3F", () => {
    expect(parseAssetsUri("folder:a%3Fb?mount=/content")).to.deep.equal({
      kind: "folder",
      folder: "a?b",
      mount: "/content",
    });
  });

  it("says for a folder whether it includes hidden files, and nothing but true or false", () => {
    const folder = { kind: "folder", folder: "a" };
    expect(parseAssetsUri("folder:a?hidden=true")).to.deep.equal({ ...folder, hidden: true });
    expect(parseAssetsUri("folder:a?hidden=false")).to.deep.equal({ ...folder, hidden: false });
    for (const value of ["", "yes", "1", "TRUE"])
      expect(refusal(() => parseAssetsUri(`folder:a?hidden=${value}`)).message).to.equal(
        `assets: hidden must be true or false, not ${JSON.stringify(value)}`,
      );
  });

  it("has for a SQLite file driver, prefix and content, each of which is optional", () => {
    expect(parseAssetsUri("sqlite:a.sqlite")).to.deep.equal({ kind: "sqlite", file: "a.sqlite" });
    expect(parseAssetsUri("sqlite:/a%3F.sqlite?driver=better-sqlite3&prefix=p_&content=/c")).to.deep.equal({
      kind: "sqlite",
      file: "/a?.sqlite",
      driver: "better-sqlite3",
      prefix: "p_",
      content: "/c",
    });
  });

  it("is rejected if its content folder has no name, or if it is a database in memory", () => {
    for (const uri of ["sqlite:a?content=", "sqlite:a?content=%20", "postgres://u:p@h/d?content="]) {
      expect(refusal(() => parseAssetsUri(uri)).message).to.match(/^assets: content must name a folder/);
      expect(refusal(() => parseStoreUri(uri)).message).to.match(/^store: content must name a folder/);
    }
    for (const uri of ["sqlite::memory:", "sqlite::memory:?prefix=p_", "sqlite:///:memory:"]) {
      expect(refusal(() => parseAssetsUri(uri)).message).to.match(/^assets: .*:memory:.* name a file$/);
      expect(refusal(() => parseStoreUri(uri)).message).to.match(/^store: .*:memory:.* name a file$/);
    }
  });

  it("leaves the driver's own parameters for PostgreSQL to the driver", () => {
    expect(parseStoreUri("postgres://u:p@h:5433/d?sslmode=require&schema=s&prefix=p_")).to.deep.equal({
      kind: "postgres",
      url: "postgres://u:p@h:5433/d?sslmode=require",
      schema: "s",
      prefix: "p_",
    });
  });

  it("may be the same for the store as for the assets", () => {
    expect(parseStoreUri("sqlite:a?content=/c")).to.deep.equal({ kind: "sqlite", file: "a" });
  });

  it("is rejected by the option's name if it is invalid, without its password", () => {
    for (const uri of ["", "x", "mysql://u:secret@h/d", "postgres://u:secret@h", "sqlite:a?drive=x", "folder:a?x=1"]) {
      const error = refusal(() => parseAssetsUri(uri, "target"));
      expect([error.code, error.ids.field], uri).to.deep.equal(["INVALID_PARAMETER", "target"]);
      expect(error.message).not.to.include("secret");
    }
    for (const uri of ["postgres://sec:p@ss/w:rd#%?1@h:1/d", "postgres://u:a/b@h/d", "postgres://h/d?shcema=x"]) {
      expect(refusal(() => parseStoreUri(uri)).ids.field, uri).to.equal("store");
    }
    expect(refusal(() => parseStoreUri("folder:a")).ids.field).to.equal("store");
  });

  it("is rejected with the nearest known name if a parameter is unknown, and if one is given twice", () => {
    for (const [uri, nearest] of [
      ["folder:a?muont=/x", "mount"],
      ["sqlite:a?drive=x", "driver"],
      ["postgres://h/d?shcema=x", "schema"],
      ["jcr+http://h:1?conections=3", "connections"],
    ] as const) {
      expect(refusal(() => parseAssetsUri(uri)).message, uri).to.include(`did you mean "${nearest}"?`);
    }
    for (const uri of ["folder:a?mount=/x&mount=/y", "sqlite:a?content=x&content=y", "jcr+http://h?root=/a&root=/b"])
      expect(refusal(() => parseAssetsUri(uri)).message, uri).to.match(/is given twice/);
  });

  it("takes the plus sign of a path for what it is", () => {
    expect(parseAssetsUri("folder:c++?mount=/c++ and%20more")).to.include({ folder: "c++", mount: "/c++ and more" });
    expect(parseAssetsUri("sqlite:a?content=/c++")).to.include({ content: "/c++" });
    expect(parseAssetsUri("jcr+http://h:1?root=/c++")).to.include({ root: "/c++" });
    expect(parseAssetsUri("postgres://h/d?content=/c++")).to.include({ content: "/c++" });
  });

  it("is shown without its password, and otherwise unchanged", () => {
    expect(withoutPassword("postgres://ann:s:e/c@r@h/d")).to.equal("postgres://ann:…@h/d");
    expect(withoutPassword("postgres://ann@h/d?schema=s")).to.equal("postgres://ann@h/d?schema=s");
    expect(withoutPassword("sqlite:a:b.sqlite")).to.equal("sqlite:a:b.sqlite");
  });

  it("tells whether it names a database", () => {
    expect(["sqlite:a", "postgres://h/d", "postgresql://h/d", "folder:a"].map(isDatabaseUri)).to.deep.equal([
      true,
      true,
      true,
      false,
    ]);
  });
});
