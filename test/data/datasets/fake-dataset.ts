import { createHash, randomBytes } from 'node:crypto';
import type { Dataset } from '../../../src/data/datasets/dataset.ts';
import { tinyZip } from '../../support/tiny-zip.ts';

export const train = randomBytes(200_000); // not compressible: downloads of several chunks
export const zip = tinyZip({
  'Tiny/train.tsv': train,
  'Tiny/dev.tsv': 'a\t1\n',
  'Tiny/original/big.txt': 'not wanted',
  '__MACOSX/Tiny/dev.tsv': 'not wanted either',
});
export const extra = Buffer.from('index\tprediction\n');

export const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

/** A set of an archive and a plain file, as MNLI is. */
export function fakeDataset(url: string, pinned = true): Dataset {
  const digest = (content: Buffer) => (pinned ? sha256(content) : null);
  return {
    name: 'tiny',
    title: 'a tiny set',
    licence: 'none',
    folder: 'group/Tiny',
    sources: [
      {
        url: `${url}/Tiny.zip`,
        bytes: zip.length,
        sha256: digest(zip),
        gives: { folder: 'Tiny/', files: ['train.tsv', 'dev.tsv'] },
      },
      { url: `${url}/extra.tsv`, bytes: extra.length, sha256: digest(extra), gives: { as: 'more.tsv' } },
    ],
    files: ['train.tsv', 'dev.tsv', 'more.tsv'],
  };
}
