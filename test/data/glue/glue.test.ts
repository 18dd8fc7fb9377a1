import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  findGlueTask,
  type GlueSplit,
  glueSubmission,
  glueTasks,
  readGlue,
} from '../../../src/data/glue/index.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tfjs-methods-glue-'));
});
afterAll(() => rm(directory, { recursive: true }));

async function glueFile(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(join(directory, path)), { recursive: true });
  await writeFile(join(directory, path), content);
}

describe('readGlue', () => {
  /** A row of each task as its publisher writes it. */
  const ROWS: Readonly<Record<string, readonly [GlueSplit, string, object]>> = {
    cola: ['dev', 'gj04\t1\t*\tShe sings.', { a: 'She sings.', b: null, label: 1 }],
    'sst-2': ['train', 'a fine film \t1', { a: 'a fine film ', b: null, label: 1 }],
    mrpc: ['train', '1\t70\t71\tA "quote.\tB', { a: 'A "quote.', b: 'B', label: 1 }],
    'sts-b': ['dev', '0\tg\tf\t2012\t1\to\to2\tA\tB\t4.25', { a: 'A', b: 'B', label: 4.25 }],
    qqp: ['train', '5\t1\t2\tA?\tB?\t0', { a: 'A?', b: 'B?', label: 0 }],
    mnli: ['train', '0\t1\t1e\tg\tbp\tbp\tp\tp\tA\tB\tneutral\tneutral', { a: 'A', b: 'B', label: 2 }],
    'mnli-mm': ['dev', '0\t1\t1e\tg\tbp\tbp\tp\tp\tA\tB\tx\tcontradiction', { a: 'A', b: 'B', label: 0 }],
    ax: ['test', '0\tA\tB', { a: 'A', b: 'B', label: null }],
    qnli: ['dev', '0\tA\tB\tnot_entailment', { a: 'A', b: 'B', label: 1 }],
    rte: ['dev', '0\tA\tB\tentailment', { a: 'A', b: 'B', label: 0 }],
    wnli: ['dev', '0\tA\tB\t1', { a: 'A', b: 'B', label: 1 }],
  };

  it.each(glueTasks.map((task) => [task.name, task] as const))('reads %s', async (name, task) => {
    const [split, row, expected] = ROWS[name] as (typeof ROWS)[string];
    const header = task.header || split === 'test' ? 'names of the columns\n' : '';
    await glueFile(`${task.folder}/${task.files[split]}`, `${header}${row}\n`);
    const { examples, skipped } = await readGlue(task, split, directory);
    expect(examples).toEqual([{ line: header === '' ? 1 : 2, ...expected }]);
    expect(skipped).toEqual([]);
  });

  const sst = findGlueTask('SST-2');
  const read = async (content: string | Uint8Array, skipBadRows = false) => {
    await glueFile('SST-2/dev.tsv', content);
    return readGlue(sst, 'dev', directory, { skipBadRows });
  };

  it('takes a byte order mark, CRLF and a last line without an end', async () => {
    const { examples } = await read('\ufeffsentence\tlabel\r\ngood\t1\r\nbad\t0');
    expect(examples.map(({ a, label }) => [a, label])).toEqual([
      ['good', 1],
      ['bad', 0],
    ]);
  });

  it.each([
    ['good', 'line 3: it has 1 columns, and at least 2 are needed: "good"'],
    ['\t1', 'line 3, column 1: the text is empty'],
    ['good\tpositive', 'line 3, column 2: the label is "positive", not one of 0, 1'],
    ['good\t', 'line 3, column 2: the label is "", not one of 0, 1'],
    ['go\0od\t1', 'line 3: it holds a NUL character'],
    ['', 'line 3: it has 1 columns'],
  ])('refuses %j by name', async (row, message) => {
    await expect(read(`sentence\tlabel\nfine\t1\n${row}\nfine\t0\n`)).rejects.toThrow(message);
  });

  it('refuses what is not UTF-8, a file without its header, an empty one and a missing one', async () => {
    const latin1 = Buffer.from('sentence\tlabel\ncaf\xe9\t1\n', 'latin1');
    await expect(read(latin1)).rejects.toThrow('line 2: it is not UTF-8: "café\\t1"');
    await expect(read('good\t1\nbad\t0\n')).rejects.toThrow('line 1: it is data');
    await expect(read('sentence\tlabel\n')).rejects.toThrow('holds no usable row');
    await expect(read('')).rejects.toThrow('holds no usable row');
    await rm(join(directory, 'SST-2/dev.tsv'));
    await expect(readGlue(sst, 'dev', directory)).rejects.toThrow('`data download sst-2` fetches it');
    await expect(readGlue(findGlueTask('ax'), 'dev', directory)).rejects.toThrow('ax has no dev file');
  });

  it('reads or refuses 2,000 lines with every kind of damage, one by one', async () => {
    const damage: readonly [row: Buffer, good: boolean][] = [
      [Buffer.from('good film\t1'), true],
      [Buffer.from('"stray \'quotes\t0'), true],
      [Buffer.from('crlf\t1\r'), true],
      [Buffer.from('more columns\t1\tthan needed'), true],
      [Buffer.from('\ufeffa mark in the middle\t0'), true],
      [Buffer.from('one column'), false],
      [Buffer.from(''), false],
      [Buffer.from('\t1'), false],
      [Buffer.from('   \t1'), false],
      [Buffer.from('wrong label\t2'), false],
      [Buffer.from('nul\0\t1'), false],
      [Buffer.from([0x66, 0xff, 0xfe, 0x09, 0x31]), false],
      [Buffer.from([0xc3, 0x09, 0x31]), false],
    ];
    const lines = Array.from(
      { length: 2000 },
      (_, i) => damage[(i * 7) % damage.length] as [Buffer, boolean],
    );
    const file = Buffer.concat([
      Buffer.from('\ufeffsentence\tlabel\r\n'),
      ...lines.flatMap(([row]) => [row, Buffer.from('\n')]),
    ]);
    const { examples, skipped } = await read(file, true);
    expect(examples.map(({ line }) => line)).toEqual(lines.flatMap(([, good], i) => (good ? [i + 2] : [])));
    expect(skipped.map(({ line }) => line)).toEqual(lines.flatMap(([, good], i) => (good ? [] : [i + 2])));
    expect(examples.length + skipped.length).toBe(2000);
    await expect(read(file)).rejects.toThrow(/dev\.tsv, line \d+/);
  });

  it('names near tasks', () => {
    expect(() => findGlueTask('sst2')).toThrow('sst-2');
  });
});

const data = new URL('../../../../shared/data/glue', import.meta.url).pathname;
describe.skipIf(!existsSync(data))('the real files (../shared/data/glue; skipped where absent)', () => {
  it.each([
    ['sst-2', 'train', 1],
    ['sst-2', 'dev', 1],
    ['cola', 'train', 0],
    ['cola', 'dev', 0],
    ['mrpc', 'train', 1],
    ['mrpc', 'dev', 1],
  ] as const)('%s %s is read whole', async (name, split, headers) => {
    const task = findGlueTask(name);
    const { examples, path } = await readGlue(task, split, data);
    const { readFile } = await import('node:fs/promises');
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n').length;
    expect(examples).toHaveLength(lines - headers);
    expect(new Set(examples.map(({ label }) => label))).toEqual(new Set([0, 1]));
  });
});

describe('glueSubmission', () => {
  it('writes labels as in the data, and scores with three digits, at most 5', () => {
    expect(glueSubmission(findGlueTask('rte'), [1, 0])).toBe(
      'index\tprediction\n0\tnot_entailment\n1\tentailment\n',
    );
    expect(glueSubmission(findGlueTask('sts-b'), [2.34567, 5.2, -0.1])).toBe(
      'index\tprediction\n0\t2.346\n1\t5.000\n2\t-0.100\n',
    );
  });
});
