import { buildEncoder } from '../../methods/efficient-bert/index.ts';
import { type EncoderModel, openModel, provideMiniLm, type StoredModel } from '../../src/bert/index.ts';
import { buildVocabulary, readTokenizer, SPECIAL_TOKENS, WordPieceTokenizer } from '../../src/data/index.ts';
import { UserError } from '../../src/errors.ts';
import type { Progress } from '../../src/experiment/progress.ts';
import type { ParameterOwner } from '../../src/nn/index.ts';
import type { RandomStreams } from '../../src/random/index.ts';
import { createEncoder, type SmallSizes } from './create-encoder.ts';
import { type ArchitectureName, isModelFolder, PRETRAINED, type SMALL } from './model-names.ts';

/** Which model is fine-tuned, and from where. */
export type ModelChoice = {
  /** A published architecture, `small`, a pre-trained model that is fetched, or a folder in Hugging Face's layout. */
  readonly model: string;
  /** Folder with a tokenizer, for models that are drawn anew; empty: a vocabulary is built from the training file. */
  readonly tokenizer: string;
  /** Tokens of a vocabulary that is built, at most. */
  readonly vocabulary: number;
  readonly small: SmallSizes;
};

type Model = StoredModel & ParameterOwner;

export interface Opened<M extends Model> {
  readonly model: M;
  readonly tokenizer: WordPieceTokenizer;
  /** Where the weights are from, in words. */
  readonly origin: string;
}

/** The folder of the choice, fetched where it has to be; undefined: the model is drawn anew. */
export async function modelFolderOf(
  { model }: Pick<ModelChoice, 'model'>,
  progress: Progress,
): Promise<string | undefined> {
  if (model === PRETRAINED) {
    return provideMiniLm({ progress: { line: (text) => progress.note(text), bytes() {} } });
  }
  return isModelFolder(model) ? model : undefined;
}

/** @param texts from which a vocabulary is built where there is no other */
export async function tokenizerOf(
  choice: ModelChoice,
  folder: string | undefined,
  texts: () => Iterable<string>,
): Promise<WordPieceTokenizer> {
  const from = folder ?? choice.tokenizer;
  if (from !== '') return readTokenizer(from);
  return new WordPieceTokenizer(buildVocabulary(texts(), { size: choice.vocabulary }));
}

/** The model with a head; the head is drawn anew where the folder has none that fits. */
export async function openTaskModel<M extends Model>(
  choice: ModelChoice,
  folder: string | undefined,
  tokenizer: WordPieceTokenizer,
  given: {
    readonly head: (encoder: EncoderModel) => M;
    readonly streams: RandomStreams;
    readonly length: number;
    readonly dropout: number;
  },
): Promise<Opened<M>> {
  const { head, streams, length, dropout } = given;
  let opened: Opened<M>;
  let sizes: EncoderModel['sizes'] | undefined;
  const headed = (encoder: EncoderModel): M => {
    sizes = encoder.sizes;
    return head(encoder);
  };
  if (folder === undefined) {
    const name = choice.model as ArchitectureName | typeof SMALL;
    const paddingToken = tokenizer.vocabulary.indexOf(SPECIAL_TOKENS.padding);
    const settings = { vocabulary: tokenizer.vocabulary.length, paddingToken, dropout };
    const model = headed(createEncoder(name, settings, choice.small, streams));
    opened = { model, tokenizer, origin: 'drawn anew' };
  } else {
    const fresh = ['fit', 'pooler', 'head'] as const;
    const { model, weights } = await openModel(folder, { head: headed, build: buildEncoder, streams, fresh });
    const drawn = weights.initialized.length > 0 ? `; drawn anew: ${weights.initialized.join(', ')}` : '';
    opened = { model, tokenizer, origin: `${weights.loaded.length} tensors from ${folder}${drawn}` };
  }
  const { positions = length } = sizes ?? {};
  if (length > positions) {
    opened.model.dispose();
    throw new UserError(`length must be at most ${positions}, the positions of the model, and is ${length}.`);
  }
  return opened;
}
