const native = Object.getOwnPropertyDescriptor(AbortSignal.prototype, "aborted");

/**
 * A signal that a handler also sees aborted while it never lets its thread's event loop turn: whoever looks at `aborted`,
 * or calls `throwIfAborted`, looks at shared memory. `look` does so for those who listen.
 */
export function polledSignal(isTold: () => boolean): { readonly signal: AbortSignal; readonly look: () => void } {
  const controller = new AbortController();
  const { signal } = controller;
  const aborted = (): boolean => native?.get?.call(signal) === true;
  const look = (): void => {
    if (!aborted() && isTold()) controller.abort(new Error("told to stop"));
  };
  Object.defineProperties(signal, {
    aborted: {
      get: () => {
        look();
        return aborted();
      },
    },
    throwIfAborted: {
      value: () => {
        look();
        AbortSignal.prototype.throwIfAborted.call(signal);
      },
    },
  });
  return { signal, look };
}
