import { expect } from "chai";
import { Workbench } from "../cli/workbench.js";
import { Server } from "../system/server.js";
import { forEachLane } from "./support/fixture.js";
import { basic } from "./support/servers.js";

forEachLane(
  "serve --auth server",
  (at) => {
    it("admits callers whom the assets' server knows, and lets them do what that server permits", async function () {
      if (at().lane.name.startsWith("JCR_URL")) {
        process.stderr.write("\n*** NOT TESTED against JCR_URL: users and their rights ***\n");
        this.skip();
      }
      const { root, lane } = at();
      const user = `s${Date.now().toString(36)}`;
      await at().user(user);
      await at().files("dam", "mine/a", "theirs/a", "hidden/a");
      await at().deny(user, `${root}/theirs`, "rep:write");
      await at().deny(user, `${root}/hidden`, "jcr:read");
      const bench = new Workbench();
      try {
        const assets = `jcr+${lane.origin.replace("://", `://${lane.user}:${lane.password}@`)}?dialect=${lane.dialect}`;
        const server = await Server.start(bench, assets, "--auth", "server");
        expect(server.token).to.equal(null);
        const as = (name: string, password: string) => ({ authorization: basic(name, password) });
        const [caller, admin] = [as(user, `${user}-pw`), as(lane.user, lane.password)];
        const start = (path: string, headers: Record<string, string>) =>
          server.post({ path: `${root}/${path}`, type: "ASSET_PROCESSING" }, headers);
        const end = async (processingId: string, headers: Record<string, string>) => {
          for (;;) {
            const { status, body } = await server.ask(`/status?processingId=${processingId}`, { headers });
            if (status !== 200 || body.completedAt > 0) return { status, body };
            await new Promise((turn) => setTimeout(turn, 50));
          }
        };

        // Whom the server does not know, or who has another's password, learns nothing.
        for (const nobody of [{}, as("nobody-here", "x"), as(user, "wrong"), as(lane.user, `${user}-pw`)]) {
          const { status } = await start("mine", nobody);
          expect(status, JSON.stringify(nobody)).to.equal(401);
        }
        const own = await start("mine", caller);
        expect([own.status, (await end(own.body.processingId, caller)).body.processedCount]).to.deep.equal([200, 1]);

        // May read, and not write: he sees another's job there, and starts none.
        for (const path of ["theirs", "theirs/a", "hidden", "not/there"]) {
          const { status, body } = await start(path, caller);
          expect(body.code, `${path}: ${status}`).to.equal("FORBIDDEN");
        }
        for (const path of ["theirs", "hidden"]) {
          const { processingId } = (await start(path, admin)).body;
          expect((await end(processingId, admin)).body.processedCount, path).to.equal(1);
          const seen = await server.ask(`/status?processingId=${processingId}`, { headers: caller });
          expect(seen.body.code ?? seen.status, path).to.equal(path === "theirs" ? 200 : "FORBIDDEN");
        }
        server.command.signal("SIGTERM");
        const { code, out, err } = await server.command.ended;
        expect(code, err).to.equal(143);
        expect(out + err).not.to.include(`${user}-pw`);
      } finally {
        await bench.dispose();
      }
    });
  },
  (lane) => !lane.includes("GET and POST") && !lane.endsWith("Sling"),
);
