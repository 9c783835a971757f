/** Reads a response's body as text. Throws if it is longer than `maxChars`, which no sound answer is. */
export async function boundedText(response: Response, maxChars: number): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const bytes of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    text += decoder.decode(bytes, { stream: true });
    if (text.length > maxChars) throw new Error(`its answer exceeds ${maxChars} characters`);
  }
  return text + decoder.decode();
}
