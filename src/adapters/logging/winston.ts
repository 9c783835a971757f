import { createRequire } from "node:module";
import type * as Winston from "winston";
import type Transport from "winston-transport";

const require = createRequire(import.meta.url);

/** Returns winston. Loaded at the first line that is logged, which most processes never have. */
export const winston = () => require("winston") as typeof Winston;

/** Returns the class of winston's transports, loaded like winston. */
export const transportClass = () => require("winston-transport") as typeof Transport;
