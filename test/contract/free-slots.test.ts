import { expect } from "chai";
import { endOf } from "../embedding/host.js";
import { ContractHost, request, tree } from "./contract-host.js";

describe("small jobs beside long ones", () => {
  const host = new ContractHost();
  after(() => host.dispose());

  it("get the slots that the long ones leave free", async () => {
    let release = (): void => {};
    const gate = new Promise<void>((over) => (release = over));
    const contents = Object.assign({}, ...["/a", "/b", "/c", "/d"].map((folder) => tree(1, folder)));
    const mill = await host.over(contents, ({ path }) => (path.startsWith("/d") ? undefined : gate));
    for (const path of ["/a", "/b", "/c"]) await mill.operator.start(request({ path }), "ann");
    const { processingId } = await mill.operator.start(request({ path: "/d" }), "ann");
    try {
      expect((await endOf(mill, processingId, 5_000)).status).to.equal("SUCCESS");
    } finally {
      release();
    }
  });
});
