// Installs the locked dependencies if they are missing or older than package-lock.json, so that one command is enough.
import { execFileSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";

const installed = "node_modules/.package-lock.json";
const current = existsSync(installed) && statSync(installed).mtimeMs >= statSync("package-lock.json").mtimeMs;
const sound = current && existsSync("node_modules/typescript");
if (!sound) {
  console.error("Installing dependencies (this takes a few minutes if the SQLite driver has to be compiled)");
  execFileSync("npm", ["ci", "--no-audit", "--no-fund"], { stdio: ["ignore", "inherit", "inherit"] });
}
