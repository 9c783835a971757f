import { execFileSync } from "node:child_process";
import { expect } from "chai";
import { type Output, printable } from "../../src/cli/output.js";
import { reportError } from "../../src/cli/report-error.js";
import { AssetmillError } from "../../src/core/errors.js";
import { escapeLine } from "../../src/core/job/log-entry.js";
import { shownMessage, shownPath } from "../../src/cli/shown-path.js";

describe("a path in a line of output", () => {
  for (const path of ["/", "/content/dam/a b/ü.dita", "/a\\nb.dita", "/it's", "/日本/\u{1f600}"]) {
    it(`${path} is shown as it is`, () => expect(shownPath(path)).to.equal(path));
  }

  const odd = [
    "/new\nline.dita",
    "/tab\tand\\nb",
    "/it's\r",
    "/blank ",
    "/ideographic blank\u3000",
    "/esc\u001b[31m",
    "/del\u007f1",
    "/next\u0085line",
    "/separator\u2028x",
    "/turned\u202eatid.x",
    "/isolated\u2066x\u2069",
    "/no\u200bwidth\ufeff",
    "/astral tag\u{e0041}x",
  ];
  it("is quoted if a line cannot show it, differently for each path, and bash reads it back", () => {
    const shown = odd.map(shownPath);
    for (const text of shown) expect(text).to.match(/^\$'\/[^\u0000-\u001f\u007f-\u009f\u2028\u2029\p{Cf}]*'$/u);
    const script = `printf '%s\\0' ${shown.join(" ")}`;
    const read = execFileSync("bash", ["-c", script], { env: { ...process.env, LC_ALL: "C.UTF-8" } });
    expect(read.toString("utf8").split("\0").slice(0, -1)).to.deep.equal(odd);
  });

  it("is shown in the same way within a message, whose rest cannot break the line either", () => {
    const paths = ["/a\nb", "/a\nb/c\u202e", "/plain"];
    expect(shownMessage("/plain, /a\nb/c\u202e and /a\nb: bad\nname \u200b", paths)).to.equal(
      "/plain, $'/a\\nb/c\\u202e' and $'/a\\nb': bad\\nname \\u200b",
    );
  });

  it("names an error's path so; without --json only", () => {
    const said: string[] = [];
    const output = {
      say: (text: string) => said.push(text),
      json: (value: unknown) => said.push(JSON.stringify(value)),
    };
    const ids = { path: "/a\nb\u202e" };
    for (const message of ["is gone", "the asset /a\nb\u202e is gone"])
      reportError(new AssetmillError("GONE", message, { ids }), false, output as unknown as Output);
    expect(said).to.deep.equal([
      "assetmill: $'/a\\nb\\u202e': is gone",
      "assetmill: the asset $'/a\\nb\\u202e' is gone",
    ]);
    reportError(new AssetmillError("GONE", "is gone", { ids }), true, output as unknown as Output);
    expect(JSON.parse(said[2] ?? "")).to.include({ detail: "/a\nb\u202e: is gone" });
  });

  it("cannot turn the text in any other line of output or of a log", () => {
    expect(printable("a\u202eb\ufeff\u200b \u0646\u200c")).to.equal("a\\u202eb\\ufeff\\u200b \u0646\u200c");
    expect(escapeLine("a\u202eb\ufeff\u200b\n")).to.equal("a\\u202eb\\ufeff\\u200b\\n");
  });

  it("tells a line break from a backslash and an n", () => {
    expect(shownPath("/a\nb")).to.equal("$'/a\\nb'");
    expect(shownPath("/a\nb\\nc")).to.equal("$'/a\\nb\\\\nc'");
  });
});
