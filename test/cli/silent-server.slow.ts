import { expect } from "chai";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { until, Workbench } from "./workbench.js";
import { itMeasures } from "../support/timed.js";

describe("a server that takes connections and never answers", () => {
  const bench = new Workbench();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
  });
  let assets = "";
  before(async () => {
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    assets = `jcr+http://me:s3cret@127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await bench.dispose();
  });

  for (const [command, code, signal] of [
    [["process", "/content/dam"], 143, "SIGTERM"],
    [["serve", "--port", "0", "--auth", "none"], 130, "SIGINT"],
  ] as const) {
    let runs = 0;
    const waitAndSignal = async (): Promise<number> => {
      const store = ["--store", `sqlite:${bench.path(`${command[0]}-${++runs}.sqlite`)}`];
      const running = bench.start([...command, "--assets", assets, ...store]);
      await running.says(/no answer for 10 s; still waiting \(press Ctrl-C to stop\)/);
      const sentMs = performance.now();
      running.signal(signal);
      expect((await running.ended).code).to.equal(code);
      return performance.now() - sentMs;
    };
    itMeasures(
      `keeps ${command[0]} waiting, which says so, and the first ${signal} ends the wait`,
      waitAndSignal,
      `does not keep ${command[0]} waiting any longer after ${signal}`,
      // Two seconds of grace; a request that is waited for to its end takes a minute.
      (tookMs) => expect(tookMs).to.be.lessThan(15_000),
    );
  }

  it("also lets an import be ended", async () => {
    bench.write("folder.dita", "<topic/>");
    const before = sockets.size;
    const running = bench.start(["import", bench.path(), "/content/dam/x", "--assets", assets]);
    await until("it asks", () => sockets.size > before);
    running.signal("SIGTERM");
    expect((await running.ended).code).to.equal(143);
  });
});
