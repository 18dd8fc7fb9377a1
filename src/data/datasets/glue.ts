import type { Dataset, RemoteFile } from './dataset.ts';
import { DEV_IDS, splitMrpc, TEST_SOURCE, TRAIN_SOURCE } from './mrpc.ts';

const HOST = 'https://dl.fbaipublicfiles.com';
const SPLITS = ['train.tsv', 'dev.tsv', 'test.tsv'];
const MNLI = [
  'train.tsv',
  'dev_matched.tsv',
  'dev_mismatched.tsv',
  'test_matched.tsv',
  'test_mismatched.tsv',
];

function plain(path: string, as: string, bytes: number, sha256: string): RemoteFile {
  return { url: `${HOST}/${path}`, bytes, sha256, gives: { as } };
}

/** Digests and sizes as the catalogues of Hugging Face's and TensorFlow's data sets record them for these addresses. */
function task(
  folder: string,
  archive: string,
  bytes: number,
  sha256: string,
  about: { readonly title: string; readonly licence: string },
  files: readonly string[] = SPLITS,
): Dataset {
  const url = `${HOST}/glue/data/${archive}.zip`;
  return {
    name: folder.toLowerCase(),
    ...about,
    folder: `glue/${folder}`,
    sources: [{ url, bytes, sha256, gives: { folder: `${folder}/`, files } }],
    files,
  };
}

const mnli = task(
  'MNLI',
  'MNLI',
  312_783_507,
  'e7c1d896d26ed6caf700110645df426cc2d8ebf02a5ab743d5a5c68ac1c83633',
  {
    title: 'GLUE: inference across genres, with the diagnostic set AX',
    licence: 'mostly OANC; parts CC BY and CC BY-SA 3.0',
  },
  MNLI,
);

export const glueDatasets: readonly Dataset[] = [
  task('CoLA', 'CoLA', 376_971, 'f212fcd832b8f7b435fb991f101abf89f96b933ab400603bf198960dfc32cbff', {
    title: 'GLUE: is the sentence acceptable English?',
    licence: 'none stated; quotations from linguistic literature, for research',
  }),
  task('SST-2', 'SST-2', 7_439_277, 'd67e16fb55739c1b32cdce9877596db1c127dc322d93c082281f64057c16deaa', {
    title: 'GLUE: is the film review positive?',
    licence: 'none stated',
  }),
  {
    name: 'mrpc',
    title: 'GLUE: do the two sentences say the same?',
    licence: 'Microsoft Research’s terms',
    folder: 'glue/MRPC',
    sources: [
      plain(
        'senteval/senteval_data/msr_paraphrase_train.txt',
        TRAIN_SOURCE,
        1_047_044,
        '60a9b09084528f0673eedee2b69cb941920f0b8cd0eeccefc464a98768457f89',
      ),
      plain(
        'senteval/senteval_data/msr_paraphrase_test.txt',
        TEST_SOURCE,
        441_275,
        'a04e271090879aaba6423d65b94950c089298587d9c084bf9cd7439bd785f784',
      ),
      plain(
        'glue/data/mrpc_dev_ids.tsv',
        DEV_IDS,
        6_222,
        '971d7767d81b997fd9060ade0ec23c4fc31cbb226a55d1bd4a1bac474eb81dc7',
      ),
    ],
    files: SPLITS,
    assemble: splitMrpc,
  },
  task('QQP', 'QQP-clean', 41_696_084, '40e7c862c04eb26ee04b67fd900e76c45c6ba8e6d8fab4f8f1f8072a1a3fbae0', {
    title: 'GLUE: do the two questions ask the same?',
    licence: 'Quora’s terms of service (not for commercial use)',
  }),
  task('STS-B', 'STS-B', 802_872, 'e60a6393de5a8b5b9bac5020a1554b54e3691f9d600b775bd131e613ac179c85', {
    title: 'GLUE: how similar are the two sentences, 0 to 5?',
    licence: 'several sources with terms of their own',
  }),
  {
    ...mnli,
    sources: [
      ...mnli.sources,
      plain(
        'glue/data/AX.tsv',
        'diagnostic.tsv',
        222_257,
        '0e13510b1bb14436ff7e2ee82338f0efb0133ecf2e73507a697dc210db3f05fd',
      ),
    ],
    files: [...mnli.files, 'diagnostic.tsv'],
  },
  task('QNLI', 'QNLIv2', 10_627_589, 'e634e78627a29adaecd4f955359b22bf5e70f2cbd93b493f2d624138a0c0e5f5', {
    title: 'GLUE: does the sentence answer the question?',
    licence: 'CC BY-SA 4.0',
  }),
  task('RTE', 'RTE', 697_150, '6bf86de103ecd335f3441bd43574d23fef87ecc695977a63b82d5efb206556ee', {
    title: 'GLUE: does the second sentence follow?',
    licence: 'none stated',
  }),
  task('WNLI', 'WNLI', 28_999, 'ae0e8e4d16f4d46d4a0a566ec7ecceccfd3fbfaa4a7a4b4e02848c0f2561ac46', {
    title: 'GLUE: what does the pronoun stand for?',
    licence: 'CC BY 4.0',
  }),
];
