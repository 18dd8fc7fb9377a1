import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEV_IDS, splitMrpc, TEST_SOURCE, TRAIN_SOURCE } from '../../../src/data/datasets/mrpc.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';

const folder = temporaryFolders();
const header = 'Quality\t#1 ID\t#2 ID\t#1 String\t#2 String';

function corpus(
  train: string,
  devIds = '3\t4\n',
  test = `\ufeff${header}\r\n1\t7\t8\tSeven.\tEight.\r\n`,
): string {
  const place = folder();
  writeFileSync(join(place, TRAIN_SOURCE), train);
  writeFileSync(join(place, DEV_IDS), devIds);
  writeFileSync(join(place, TEST_SOURCE), test);
  return place;
}

describe('splitMrpc', () => {
  it('makes the three files of GLUE and drops the sources', async () => {
    const place = corpus(
      `\ufeff${header}\r\n1\t1\t2\tOne "said".\tTwo.\r\n0\t3\t4\tThree.\tFour.\r\n0\t4\t3\tFour.\tThree.\r\n`,
    );
    await splitMrpc(place);
    const read = (name: string) => readFileSync(join(place, name), 'utf8');
    expect(readdirSync(place).sort()).toEqual(['dev.tsv', 'test.tsv', 'train.tsv']);
    expect(read('train.tsv')).toBe(`${header}\n1\t1\t2\tOne "said".\tTwo.\n0\t4\t3\tFour.\tThree.\n`);
    expect(read('dev.tsv')).toBe(`${header}\n0\t3\t4\tThree.\tFour.\n`);
    expect(read('test.tsv')).toBe('index\t#1 ID\t#2 ID\t#1 String\t#2 String\n0\t7\t8\tSeven.\tEight.\n');
  });

  it('names the line of a row with too few columns', async () => {
    const place = corpus(`${header}\n1\t1\t2\tOne.\tTwo.\n1\t2\tbroken\n`);
    await expect(splitMrpc(place)).rejects.toThrow(/msr_paraphrase_train.txt, line 3: 3 columns where 5/);
  });
});
