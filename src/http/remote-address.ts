import { isIP, isIPv6 } from "node:net";
import { getConnInfo } from "@hono/node-server/conninfo";
import type { Context } from "hono";

/**
 * Returns the client's address: the socket's peer, or, behind `proxies` trusted proxies, the address that the outermost
 * of them saw, counted from the right of X-Forwarded-For (anyone may have written the entries left of it). An IPv6
 * address is reduced to its /64 network, which one customer typically has. What is no address stands for the socket's
 * peer. Undefined without a socket, when the app is called as a plain function.
 */
export function remoteAddress(c: Context, proxies: number): string | undefined {
  const seen = (c.req.header("x-forwarded-for") ?? "").split(",").map(addressIn);
  const address = (proxies > 0 ? seen.at(-proxies) : undefined) || socketAddress(c);
  return address !== undefined && isIPv6(address) ? networkOf(address) : address;
}

/** Returns the address of a hop: some proxies write the port behind it. Empty if there is none. */
function addressIn(hop: string): string {
  const [, bracketed, plain] = /^\s*(?:\[([^\]]*)\](?::\d+)?|(\d+(?:\.\d+){3})(?::\d+)?)\s*$/.exec(hop) ?? [];
  const address = bracketed ?? plain ?? hop.trim();
  return isIP(address) === 0 ? "" : address;
}

function socketAddress(c: Context): string | undefined {
  const env = c.env as { incoming?: { socket?: unknown } } | undefined;
  return env?.incoming?.socket ? getConnInfo(c).remote.address : undefined;
}

function networkOf(address: string): string {
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? [];
  if (mapped !== undefined) return mapped;
  const [head = "", tail] = address.split("%", 1)[0]?.split("::") ?? [];
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const groups = [...left, ...Array.from({ length: zeros }, () => "0"), ...right];
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, "").toLowerCase())
    .join(":")}::/64`;
}
