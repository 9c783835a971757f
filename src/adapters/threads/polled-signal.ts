const native = Object.getOwnPropertyDescriptor(AbortSignal.prototype, "aborted");

/**
 * Creates a signal that works even while a handler blocks its thread's event loop: `aborted` and `throwIfAborted` check
 * shared memory. `look` checks it for event listeners.
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
