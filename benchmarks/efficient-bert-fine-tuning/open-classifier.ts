import type { EncoderModel } from '../../src/bert/index.ts';
import { Bert, buildBert, openModel, SequenceClassifier } from '../../src/bert/index.ts';
import type { WordPieceTokenizer } from '../../src/data/index.ts';
import { SPECIAL_TOKENS } from '../../src/data/index.ts';
import { UserError } from '../../src/errors.ts';
import { RandomStreams } from '../../src/random/index.ts';
import type { FineTuningConfig } from './config.ts';

export interface OpenClassifier {
  readonly model: SequenceClassifier;
  readonly streams: RandomStreams;
  /** Where the weights are from, in words. */
  readonly origin: string;
}

/** BERT with a head that is drawn anew: the same for the same seed. The caller owns the model. */
export async function openClassifier(
  { length, dropout }: Pick<FineTuningConfig, 'length' | 'dropout'>,
  folder: string | undefined,
  tokenizer: WordPieceTokenizer,
  classes: readonly string[],
  seed: number,
): Promise<OpenClassifier> {
  const streams = new RandomStreams(seed);
  const head = (encoder: EncoderModel) => new SequenceClassifier(encoder, classes, streams);
  if (folder === undefined) {
    const { vocabulary } = tokenizer;
    const paddingToken = vocabulary.indexOf(SPECIAL_TOKENS.padding);
    const sizes = { width: 16, layers: 2, heads: 2, hidden: 32, positions: length, initialDeviation: 0.25 };
    const rates = { dropout, attentionDropout: dropout };
    const options = { ...sizes, ...rates, vocabulary: vocabulary.length, paddingToken };
    return { model: head(new Bert(options, streams)), streams, origin: 'drawn anew' };
  }
  const fresh = ['fit', 'pooler', 'head'] as const;
  const { model, weights } = await openModel(folder, { head, build: buildBert, streams, fresh });
  const { positions } = model.base.sizes;
  if (length > positions) {
    model.dispose();
    throw new UserError(`length must be at most ${positions}, the positions of the model, and is ${length}.`);
  }
  const drawn = weights.initialized.length > 0 ? `; drawn anew: ${weights.initialized.join(', ')}` : '';
  return { model, streams, origin: `${weights.loaded.length} tensors from a folder${drawn}` };
}
