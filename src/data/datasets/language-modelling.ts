import type { Dataset } from './dataset.ts';

const WIKIPEDIA = 'Wikipedia text: CC BY-SA 3.0 and GFDL';

/**
 * Of the archives that their author serves, two digests are on record at this very address. The other two are on record only for
 * the first address (a storage bucket that has closed): here they are not certain.
 */
function wikiText(
  version: '2' | '103',
  kind: 'words' | 'raw',
  bytes: number,
  sha256: string | null,
): Dataset {
  const raw = kind === 'raw';
  const name = `wikitext-${version}${raw ? '-raw' : ''}`;
  const files = ['train', 'valid', 'test'].map((part) => `wiki.${part}.${raw ? 'raw' : 'tokens'}`);
  const url = `https://wikitext.smerity.com/${name}-v1.zip`;
  return {
    name,
    title: `WikiText-${version}, ${raw ? 'raw text' : 'words, rare ones replaced by <unk>'}`,
    licence: WIKIPEDIA,
    folder: name,
    sources: [{ url, bytes, sha256, gives: { folder: `${name}/`, files } }],
    files,
  };
}

export const languageModellingDatasets: readonly Dataset[] = [
  {
    name: 'tiny-shakespeare',
    title: '1 MB of Shakespeare’s plays in one file',
    licence: 'public domain (the plays)',
    folder: 'tiny-shakespeare',
    sources: [
      {
        url: 'https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt',
        bytes: 1_115_394,
        sha256: '86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed',
        gives: { as: 'input.txt' },
      },
    ],
    files: ['input.txt'],
  },
  {
    name: 'enwik8',
    title: 'the first 10⁸ bytes of the English Wikipedia of 3 March 2006',
    licence: WIKIPEDIA,
    folder: 'enwik8',
    sources: [
      {
        url: 'https://mattmahoney.net/dc/enwik8.zip',
        bytes: 36_445_475,
        sha256: '547994d9980ebed1288380d652999f38a14fe291a6247c157c3d33d4932534bc',
        gives: { folder: '', files: ['enwik8'] },
      },
    ],
    files: ['enwik8'],
  },
  wikiText('2', 'words', 4_475_746, null),
  wikiText('2', 'raw', 4_721_645, 'ef7edb566e3e2b2d31b29c1fdb0c89a4cc683597484c3dc2517919c615435a11'),
  wikiText('103', 'words', 190_229_076, '242ba0f20b329cfdf1ccc61e9e9e5b59becf189db7f7a81cd2a0e2fc31539590'),
  wikiText('103', 'raw', 191_984_949, null),
];
