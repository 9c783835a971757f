export type { AccessAction, AccessPolicy } from "../core/ports/access-policy.js";
export type { Authenticator, Credentials, Principal } from "../core/ports/authenticator.js";
export { BasicAuthenticator, type BasicOptions } from "./auth/basic-authenticator.js";
export { type Authenticate, authenticateWith } from "./auth/function-authenticator.js";
export { JwtAuthenticator, type JwtOptions } from "./auth/jwt-authenticator.js";
export { OpenAuthenticator } from "./auth/open-authenticator.js";
export { hashPassword } from "./auth/password-hash.js";
export { isPrincipalName } from "./auth/principal-name.js";
export { ServerAccessPolicy, type ServerAccessPolicyOptions } from "./auth/server-access-policy.js";
export { ServerAuthenticator, type ServerAuthenticatorOptions } from "./auth/server-authenticator.js";
export { TokenAuthenticator } from "./auth/token-authenticator.js";
export { ExplainedFault } from "./explained-fault.js";
export { LISTEN_DEFAULTS, type Listening, type ListenOptions, listen } from "./listen.js";
export { isLoopback } from "./loopback.js";
export type { NodeListenerOptions } from "./listener-options.js";
export { type Fetch, type NodeListener, nodeListener } from "./node-listener.js";
export {
  DEFAULTS,
  type HttpOptions,
  refuseUnknownHttpOptions,
  type StatusCodes,
  type SystemStatus,
} from "./options.js";
export { type PathAccessRule, pathAccessPolicy } from "./path-access-policy.js";
export type { RateLimit } from "./rate-limit.js";
export {
  changedSchema,
  failuresPageSchema,
  historySchema,
  jobReportSchema,
  logPageSchema,
  outcomesPageSchema,
  problemSchema,
  restartedSchema,
} from "./representations.js";
export { createApp } from "./routes.js";
