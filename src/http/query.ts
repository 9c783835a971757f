/** The query string of a URL; a name that stands there more than once has a list. Own properties only, `__proto__` too. */
export function queryOf(url: string): Readonly<Record<string, string | readonly string[]>> {
  const start = url.indexOf("?");
  const parameters = new URLSearchParams(start < 0 ? "" : url.slice(start + 1).split("#", 1)[0]);
  return Object.fromEntries(
    [...new Set(parameters.keys())].map((name) => {
      const values = parameters.getAll(name);
      return [name, values.length === 1 ? (values[0] as string) : values];
    }),
  );
}
