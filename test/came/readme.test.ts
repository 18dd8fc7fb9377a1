import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const read = (name: string) => readFileSync(new URL(`../../methods/came/${name}`, import.meta.url), 'utf8');

it('the README leads from each line of the algorithm to the statement of its name', () => {
  const links = [...read('README.md').matchAll(/\[`(\w+)`\]\(([\w-]+\.ts)#L(\d+)\)/g)];
  expect(links.length).toBeGreaterThan(10);
  for (const [, symbol, file, line] of links) {
    const statement = read(file as string).split('\n')[Number(line) - 1];
    expect(statement, `${file}#L${line}`).toMatch(new RegExp(`(const|function) ${symbol}\\b`));
  }
});
