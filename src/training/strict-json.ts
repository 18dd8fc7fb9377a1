/** As JSON.parse, which keeps the last of two equal names without a word, but throws SyntaxError on them. */
export function parseStrictJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  // The text is valid from here on: strings, brackets and commas are all that matters.
  const open: (Set<string> | undefined)[] = [];
  for (const [token, colon] of tokens(text)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (colon) {
      const names = open.at(-1) as Set<string>;
      const name = JSON.parse(token) as string;
      if (names.has(name)) throw new SyntaxError(`the name ${token} occurs twice`);
      names.add(name);
    }
  }
  return value;
}

function* tokens(text: string): Generator<[token: string, colon: boolean]> {
  for (const match of text.matchAll(/("(?:[^"\\]|\\.)*")\s*(:?)|[{}[\]]/g))
    yield [match[1] ?? match[0], match[2] === ':'];
}
