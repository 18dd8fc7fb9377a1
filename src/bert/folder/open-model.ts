import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readTokenizer, type WordPieceTokenizer } from '../../data/index.ts';
import { UserError } from '../../errors.ts';
import type { RandomStreams } from '../../random/index.ts';
import { Bert } from '../bert.ts';
import type { EncoderModel } from '../encoder-model.ts';
import { readBertConfig } from './bert-settings.ts';
import { type LoadedWeights, type LoadWeightsOptions, loadWeights } from './load-weights.ts';
import { type ModelFolder, readModelFolder } from './model-folder.ts';
import type { StoredModel } from './stored-model.ts';

/** Makes the encoder that a folder describes, its weights still to be filled. */
export type EncoderBuilder = (folder: ModelFolder, streams: RandomStreams) => EncoderModel;

export interface OpenModelOptions<M extends OpenedModel> extends LoadWeightsOptions {
  /** Puts a head on the encoder; the result owns the encoder. */
  readonly head: (encoder: EncoderModel, folder: ModelFolder) => M;
  /** Which kinds of encoder are known. Default BERT alone. */
  readonly build?: EncoderBuilder;
  /** For what is not in the folder. */
  readonly streams: RandomStreams;
}

type OpenedModel = Pick<StoredModel, 'stored'> & { dispose(): void };

export interface OpenModel<M> {
  readonly model: M;
  /** Undefined where the folder has none. */
  readonly tokenizer: WordPieceTokenizer | undefined;
  readonly folder: ModelFolder;
  /** Every tensor accounted for. */
  readonly weights: LoadedWeights;
}

/**
 * Opens a folder in Hugging Face's layout, downloaded or written by `saveModel`.
 *
 * @throws UserError (exit code 3) naming the file and what is wrong in it: a setting, a tensor, a vocabulary that is larger than
 *   the table of tokens
 */
export async function openModel<M extends OpenedModel>(
  path: string,
  options: OpenModelOptions<M>,
): Promise<OpenModel<M>> {
  const { head, build = buildBert, streams, fresh } = options;
  const folder = await readModelFolder(path);
  const hasTokenizer = ['tokenizer.json', 'vocab.txt'].some((name) => existsSync(join(path, name)));
  const tokenizer = hasTokenizer ? await readTokenizer(path) : undefined;
  const encoder = build(folder, streams);
  let model: M | undefined;
  try {
    const { vocabulary } = encoder.sizes;
    const tokens = tokenizer?.vocabulary.length ?? 0;
    if (tokens > vocabulary) {
      throw new UserError(
        `The tokenizer in ${path} has ${tokens} tokens, the model only ${vocabulary} (vocab_size in ${folder.settingsPath}).`,
        3,
      );
    }
    model = head(encoder, folder);
    return { model, tokenizer, folder, weights: await loadWeights(model, path, { fresh }) };
  } catch (error) {
    (model ?? encoder).dispose();
    throw error;
  }
}

/** @throws UserError for another kind of model than BERT, naming the setting */
export const buildBert: EncoderBuilder = (folder, streams) =>
  new Bert(readBertConfig(folder), streams, 'zero');
