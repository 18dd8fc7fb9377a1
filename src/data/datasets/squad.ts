import type { Dataset, RemoteFile } from './dataset.ts';

function file(as: string, bytes: number, sha256: string): RemoteFile {
  return { url: `https://rajpurkar.github.io/SQuAD-explorer/dataset/${as}`, bytes, sha256, gives: { as } };
}

/** Digests and sizes as the catalogues of TensorFlow's and Hugging Face's data sets record them for these addresses. */
export const squadDatasets: readonly Dataset[] = [
  {
    name: 'squad-1.1',
    title: 'questions on Wikipedia paragraphs, each with an answer in the text',
    licence: 'CC BY-SA 4.0',
    folder: 'squad1.1',
    sources: [
      file('train-v1.1.json', 30_288_272, '3527663986b8295af4f7fcdff1ba1ff3f72d07d61a20f487cb238a6ef92fd955'),
      file('dev-v1.1.json', 4_854_279, '95aa6a52d5d6a735563366753ca50492a658031da74f301ac5238b03966972c9'),
    ],
    files: ['train-v1.1.json', 'dev-v1.1.json'],
  },
  {
    name: 'squad-2.0',
    title: 'SQuAD 1.1 and 50,000 questions that the text does not answer',
    licence: 'CC BY-SA 4.0',
    folder: 'squad2.0',
    sources: [
      file('train-v2.0.json', 42_123_633, '68dcfbb971bd3e96d5b46c7177b16c1a4e7d4bdef19fb204502738552dede002'),
      file('dev-v2.0.json', 4_370_528, '80a5225e94905956a6446d296ca1093975c4d3b3260f1d6c8f68bc2ab77182d8'),
    ],
    files: ['train-v2.0.json', 'dev-v2.0.json'],
  },
];
