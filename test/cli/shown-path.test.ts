import { execFileSync } from "node:child_process";
import { expect } from "chai";
import { shownPath } from "../../src/cli/shown-path.js";

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
  ];
  it("is quoted if a line cannot show it, differently for each path, and bash reads it back", () => {
    const shown = odd.map(shownPath);
    for (const text of shown) expect(text).to.match(/^\$'\/[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*'$/);
    const script = `printf '%s\\0' ${shown.join(" ")}`;
    const read = execFileSync("bash", ["-c", script], { env: { ...process.env, LC_ALL: "C.UTF-8" } });
    expect(read.toString("utf8").split("\0").slice(0, -1)).to.deep.equal(odd);
  });

  it("tells a line break from a backslash and an n", () => {
    expect(shownPath("/a\nb")).to.equal("$'/a\\nb'");
    expect(shownPath("/a\nb\\nc")).to.equal("$'/a\\nb\\\\nc'");
  });
});
