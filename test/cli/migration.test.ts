import { expect } from "chai";
import { jsonLines, TOPIC, Workbench } from "./workbench.js";

describe("process of a migration", () => {
  let bench: Workbench;

  beforeEach(() => {
    bench = new Workbench();
  });
  afterEach(() => bench.dispose());

  const migrate = (...more: readonly string[]) => {
    const assets = bench.tree({ "a.dita": TOPIC, "b.dita": TOPIC });
    const type = ["--type", "JCR_TO_DB_MIGRATION"];
    return bench.call(["process", "/content/dam/t", "--assets", assets, "--store", bench.store, ...type, ...more]);
  };

  it("reports at its end that the target was verified, and so does the job's log", async () => {
    const verified = "Verified: 2 copies read back, hashes equal; the target holds 2 assets of this scope";
    const { code, err } = await migrate("--target", `sqlite:${bench.path("to.sqlite")}`);
    expect(code, err).to.equal(0);
    expect(err).to.include(verified);
    const [, id = ""] = /Job (\S+)/.exec(err) ?? [];
    const log = await bench.call(["logs", id, "--store", bench.store]);
    expect(log.out.split("\n").filter((line) => line.endsWith(verified))).to.have.length(1);
  });

  it("is refused without a target, and told how to name one", async () => {
    const { code, out, err } = await migrate("--json");
    expect(code, err).to.equal(2);
    const [problem] = jsonLines({ out });
    expect(problem).to.include({ code: "UNKNOWN_TYPE" });
    expect(problem.detail).to.include("--target");
  });
});
