export type { Authenticator, Credentials, Principal } from "../core/ports/authenticator.js";
export { OpenAuthenticator } from "./auth/open-authenticator.js";
export { TokenAuthenticator } from "./auth/token-authenticator.js";
export { LISTEN_DEFAULTS, type Listening, type ListenOptions, listen } from "./listen.js";
export { isLoopback } from "./loopback.js";
export { DEFAULTS, type HttpOptions, type StatusCodes } from "./options.js";
export { jobReportSchema, logPageSchema, problemSchema } from "./representations.js";
export { createApp } from "./routes.js";
