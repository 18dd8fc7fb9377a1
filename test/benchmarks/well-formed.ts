/** Throws unless every tag is closed by its own, in order, and every attribute is quoted: enough for XML that a program wrote. */
export function assertWellFormed(xml: string): void {
  const open: string[] = [];
  const tag = /<(?:(\/)([\w:-]+)\s*|([\w:-]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/)?)>/g;
  const between = (from: number, to: number) => {
    const text = xml.slice(from, to);
    const stray = /[<>]|&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[\da-f]+);)/i.exec(text);
    if (stray) throw new Error(`stray ${stray[0]} in: ${text.slice(0, 80)}`);
  };
  let at = 0;
  for (const match of xml.matchAll(tag)) {
    between(at, match.index);
    at = match.index + match[0].length;
    const [, closing, closed, opened, , empty] = match;
    if (closing) {
      const expected = open.pop();
      if (expected !== closed) throw new Error(`</${closed}> where </${expected}> was due`);
    } else if (!empty) open.push(opened as string);
  }
  between(at, xml.length);
  if (open.length > 0) throw new Error(`<${open.at(-1)}> is never closed`);
  if (at === 0) throw new Error('no tags');
}
