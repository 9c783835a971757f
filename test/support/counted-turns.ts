/** Counts the turns of the event loop from now on. */
export function countedTurns(): { readonly count: () => number; readonly stop: () => void } {
  let turns = 0;
  let counting = true;
  const count = (): void => {
    turns++;
    if (counting) setImmediate(count);
  };
  setImmediate(count);
  return {
    count: () => turns,
    stop: () => {
      counting = false;
    },
  };
}
