import { expect } from "chai";
import type { Assetmill } from "../../src/index.js";
import { MemoryAssetRepository } from "../../src/testing/index.js";
import { TOPIC, until } from "../cli/workbench.js";
import { endOf, Host, logOf } from "./host.js";

const TYPE = "JCR_TO_DB_MIGRATION";

describe("a migration in a mill", () => {
  let host: Host;

  beforeEach(() => {
    host = new Host();
  });
  afterEach(() => host.dispose());

  async function startByHttp(mill: Assetmill): Promise<Response> {
    return mill.fetch(
      new Request("http://127.0.0.1/bin/guides/v1/assets/process", {
        method: "POST",
        headers: { authorization: `Bearer ${mill.token}`, "content-type": "application/json" },
        body: JSON.stringify({ path: "/", type: TYPE }),
      }),
    );
  }

  it("is verified at its end if started over HTTP, as its log says", async () => {
    const assets = host.bench.tree({ "a.dita": TOPIC, "b.dita": TOPIC });
    const mill = await host.mill({ assets, target: `sqlite:${host.bench.path("to.sqlite")}` });
    const answer = await startByHttp(mill);
    expect(answer.status).to.equal(200);
    const { processingId } = (await answer.json()) as { processingId: string };
    expect(await endOf(mill, processingId)).to.include({ status: "SUCCESS", succeededCount: 2 });
    await until("the verification", async () =>
      (await logOf(mill, processingId)).some((line) =>
        /INFO: \[JCR_TO_DB_MIGRATION\] Verified: 2 copies .* the target holds 2 assets/.test(line),
      ),
    );
  });

  it("is refused without a target over HTTP and by the operator, saying what is missing", async () => {
    const mill = await host.mill({ assets: new MemoryAssetRepository({ "/a.dita": TOPIC }) });
    const answer = await startByHttp(mill);
    expect(answer.status).to.equal(400);
    const problem = JSON.stringify(await answer.json());
    expect(problem).to.include("UNKNOWN_TYPE").and.include("--target");
    const error = await mill.operator.start({ path: "/", type: TYPE }, "host").catch((refused: unknown) => refused);
    expect(error).to.include({ code: "UNKNOWN_TYPE" });
    expect((error as Error).message).to.match(/JCR_TO_DB_MIGRATION has no target: name a database with --target/);
  });
});
