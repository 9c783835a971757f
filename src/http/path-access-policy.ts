import { invalidParameter } from "../core/errors.js";
import { type NamesOf, refuseUnknownOptions } from "../core/operator/unknown-name.js";
import { isWithin, normalisePath } from "../core/asset/path.js";
import type { AccessAction, AccessPolicy } from "../core/ports/access-policy.js";

/** Allows `actions` to `principal` at and below each of `paths`. */
export interface PathAccessRule {
  /** A principal's name, or "*" for everyone. */
  readonly principal: string;
  /** Repository paths, matched by whole segments: `/a/b` does not include `/a/bc`. */
  readonly paths: readonly string[];
  /** @defaultValue both */
  readonly actions?: readonly AccessAction[];
}

const NAMES: NamesOf<Required<PathAccessRule>> = { principal: true, paths: true, actions: true };

const ACTIONS: readonly AccessAction[] = ["read", "process"];

/** Makes an access policy from rules. Whatever no rule allows is denied. Throws INVALID_PARAMETER naming an invalid rule. */
export function pathAccessPolicy(rules: readonly PathAccessRule[]): AccessPolicy {
  const checked = rules.map((rule, i) => {
    refuseUnknownOptions(rule, NAMES, `rules[${i}]`);
    const { principal, paths, actions = ACTIONS } = rule;
    if (principal === "") throw invalidParameter(`rules[${i}].principal`, 'must be a name or "*"');
    const unknown = actions.find((action) => !ACTIONS.includes(action));
    if (unknown !== undefined)
      throw invalidParameter(`rules[${i}].actions`, `must be among ${ACTIONS.join(", ")}; got "${unknown}"`);
    return { principal, actions, paths: paths.map((path, j) => normalisePath(path, `rules[${i}].paths[${j}]`)) };
  });
  const isFor = (rule: { principal: string }, name: string): boolean =>
    rule.principal === "*" || rule.principal === name;
  return {
    admits: ({ name }) => checked.some((rule) => isFor(rule, name)),
    allows: ({ name }, path, action) =>
      checked.some(
        (rule) => isFor(rule, name) && rule.actions.includes(action) && rule.paths.some((root) => isWithin(path, root)),
      ),
  };
}
