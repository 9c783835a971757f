/**
 * Returns what jobs have in common whose assets cost alike: their type, and their handlers with versions. Jobs of other
 * repositories count as well: types are what differs most, and a machine's speed is measured anew.
 */
export const costKeyOf = (
  type: string,
  handlers: readonly { readonly name: string; readonly version: string }[],
): string => JSON.stringify([type, ...handlers.map(({ name, version }) => [name, version])]);
