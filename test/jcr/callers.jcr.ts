import { expect } from "chai";
import { ServerAccessPolicy, ServerAuthenticator } from "../../src/http/index.js";
import { credentials } from "../http/auth/credentials.js";
import { forEachLane } from "./support/fixture.js";
import { basic } from "./support/servers.js";

forEachLane(
  "callers, asked for with their own credentials,",
  (at) => {
    const who = (authenticator: ServerAuthenticator, user: string, password: string) =>
      authenticator.authenticate(credentials({ authorization: basic(user, password) }));

    it("are who the server says, and are unknown with a wrong password", async () => {
      const { origin: url, user, password } = at().lane;
      const authenticator = new ServerAuthenticator({ url });
      expect(await who(authenticator, user, password)).to.deep.equal({ name: user, by: "header" });
      expect(await who(authenticator, user, `${password}x`)).to.equal(undefined);
      expect(await authenticator.authenticate(credentials({}))).to.equal(undefined);
    });

    it("may read if they may read nodes, and process if they may write them", async function () {
      if (at().lane.name.startsWith("JCR_URL")) {
        process.stderr.write("\n*** NOT TESTED against JCR_URL: users and their rights ***\n");
        this.skip();
      }
      const { root, lane } = at();
      const user = `c${Date.now().toString(36)}`;
      await at().user(user);
      await at().files("dam", "mine/a", "theirs/a", "hidden/a;b#?");
      await at().deny(user, `${root}/theirs`, "rep:write");
      await at().deny(user, `${root}/hidden`, "jcr:read");
      const authenticator = new ServerAuthenticator({ url: lane.origin });
      const policy = new ServerAccessPolicy({ authenticator });
      const principal = await who(authenticator, user, `${user}-pw`);
      const admin = await who(authenticator, lane.user, lane.password);
      if (!principal || !admin) throw new Error("the server knows neither");
      const may = async (one: typeof principal) =>
        Promise.all(
          ["mine", "theirs/a", "hidden/a;b#?", "nothing/here"].map(async (name) =>
            [
              (await policy.allows(one, `${root}/${name}`, "read")) ? "r" : "-",
              (await policy.allows(one, `${root}/${name}`, "process")) ? "p" : "-",
            ].join(""),
          ),
        );
      expect(await may(principal)).to.deep.equal(["rp", "r-", "--", "--"]);
      expect(await may(admin)).to.deep.equal(["rp", "rp", "rp", "--"]);
      // A principal of somebody else's proved nothing to this server.
      expect(await policy.allows({ name: lane.user }, root, "read")).to.equal(false);
    });
  },
  (lane) => !lane.includes("GET and POST") && !lane.endsWith("Sling"),
);
