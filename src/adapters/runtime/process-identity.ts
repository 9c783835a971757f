import { randomUUID } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import type { OwnerIdentity } from "../../core/ports/owner-identity.js";

/** Identifies a process across machines. A part is empty if the system does not reveal it; then no owner is known to be dead. */
interface ProcessPlace {
  readonly boot: string;
  readonly pidNamespace: string;
  readonly pid: number;
  /** In clock ticks since boot; tells a process from a later one with the same pid. */
  readonly startTime: string;
}

/** Identifies this process as the owner of leases. Reads `/proc`: on systems other than Linux a dead owner's lease must expire. */
export class ProcessIdentity implements OwnerIdentity {
  readonly self: string;
  readonly #place: ProcessPlace;

  constructor() {
    this.#place = {
      boot: read("/proc/sys/kernel/random/boot_id"),
      pidNamespace: link("/proc/self/ns/pid"),
      pid: process.pid,
      startTime: startTimeOf(process.pid),
    };
    const { boot, pidNamespace, pid, startTime } = this.#place;
    this.self = [randomUUID(), boot, pidNamespace, pid, startTime].join(" ");
  }

  isKnownDead(owner: string): boolean {
    const [, boot, pidNamespace, pid, startTime] = owner.split(" ");
    if (!boot || !pidNamespace || !pid || !startTime) return false;
    if (boot !== this.#place.boot || pidNamespace !== this.#place.pidNamespace) return false;
    const now = startTimeOf(Number(pid));
    return now !== startTime && (now !== "" || !exists(Number(pid)));
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return "";
  }
}

function link(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return "";
  }
}

/** Reads field 22 of the process's stat line, after the name in brackets, which may contain anything. A zombie counts as ended. */
function startTimeOf(pid: number): string {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? "ended" : (fields[19] ?? "");
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
