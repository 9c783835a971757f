// Installs the locked dependencies where they are missing or older than package-lock.json, so that one command does.
import { execFileSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";

const installed = "node_modules/.package-lock.json";
const current = existsSync(installed) && statSync(installed).mtimeMs >= statSync("package-lock.json").mtimeMs;
const sound = current && existsSync("node_modules/typescript");
if (!sound) {
  console.error("Installing dependencies (a driver may be compiled: this can take some minutes)");
  execFileSync("npm", ["ci", "--no-audit", "--no-fund"], { stdio: ["ignore", "inherit", "inherit"] });
}
