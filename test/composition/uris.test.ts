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
  it("of a folder has its mount, and a question mark in its name as %3F", () => {
    expect(parseAssetsUri("folder:a%3Fb?mount=/content")).to.deep.equal({
      kind: "folder",
      folder: "a?b",
      mount: "/content",
    });
  });

  it("of a SQLite file has driver, prefix and content, each of which may be left out", () => {
    expect(parseAssetsUri("sqlite:a.sqlite")).to.deep.equal({ kind: "sqlite", file: "a.sqlite" });
    expect(parseAssetsUri("sqlite:/a%3F.sqlite?driver=better-sqlite3&prefix=p_&content=/c")).to.deep.equal({
      kind: "sqlite",
      file: "/a?.sqlite",
      driver: "better-sqlite3",
      prefix: "p_",
      content: "/c",
    });
  });

  it("of PostgreSQL leaves the driver's own parameters to the driver", () => {
    expect(parseStoreUri("postgres://u:p@h:5433/d?sslmode=require&schema=s&prefix=p_")).to.deep.equal({
      kind: "postgres",
      url: "postgres://u:p@h:5433/d?sslmode=require",
      schema: "s",
      prefix: "p_",
    });
  });

  it("of a store may be the very one of the assets", () => {
    expect(parseStoreUri("sqlite:a?content=/c")).to.deep.equal({ kind: "sqlite", file: "a" });
  });

  it("that is none is refused by the name of its option, without its password", () => {
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

  it("is shown without its password alone", () => {
    expect(withoutPassword("postgres://ann:s:e/c@r@h/d")).to.equal("postgres://ann:…@h/d");
    expect(withoutPassword("postgres://ann@h/d?schema=s")).to.equal("postgres://ann@h/d?schema=s");
    expect(withoutPassword("sqlite:a:b.sqlite")).to.equal("sqlite:a:b.sqlite");
  });

  it("names a database or does not", () => {
    expect(["sqlite:a", "postgres://h/d", "postgresql://h/d", "folder:a"].map(isDatabaseUri)).to.deep.equal([
      true,
      true,
      true,
      false,
    ]);
  });
});
