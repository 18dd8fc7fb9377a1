import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const folder = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Those that compute tensors are in files that every backend runs. */
const OF_TENSORS = [9, 10, 11, 12, 13, 14, 15, 18, 24];
const OTHERS = [1, 2, 3, 5, 7, 8, 22, 25, 26, 27];

const texts = (directory: string, end: string): string[] =>
  readdirSync(folder(directory))
    .filter((name) => name.endsWith(end))
    .map((name) => readFileSync(join(folder(directory), name), 'utf8'));

/** What stands after `golden check` or `golden checks`: `11, 12`, `13 and 14`. */
function named(files: readonly string[]): number[] {
  const lists = files.flatMap((text) => [...text.matchAll(/golden checks? ((?:\d+(?:, | and )?)+)/gi)]);
  return lists.flatMap(([, list]) => (list as string).match(/\d+/g) ?? []).map(Number);
}

it('every golden check of the specification has a test that names it, on every backend where it computes tensors', () => {
  const onBackends = named(texts('.', '.backend.test.ts'));
  expect(OF_TENSORS.filter((check) => !onBackends.includes(check))).toEqual([]);
  const folders = ['.', '../data/glue', '../data/squad', '../data/word-piece'];
  const anywhere = named(folders.flatMap((directory) => texts(directory, '.test.ts')));
  expect(OTHERS.filter((check) => !anywhere.includes(check))).toEqual([]);
});
