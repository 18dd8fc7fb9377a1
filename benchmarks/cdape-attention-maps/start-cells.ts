import * as tf from '@tensorflow/tfjs';
import { scoreMaps } from '../../methods/cdape/index.ts';
import type { Corpus } from '../../src/data/index.ts';
import type { CellContext, CellRunner } from '../../src/experiment/experiment.ts';
import type { LanguageModel } from '../../src/nn/index.ts';
import { announceCorpus } from '../cdape-length-extrapolation/announce-corpus.ts';
import { trainCell } from '../cdape-length-extrapolation/train-cell.ts';
import type { EncodingCell } from '../cdape-training/cells.ts';
import { titleOf } from '../cdape-training/encodings.ts';
import type { AttentionMapsConfig } from './config.ts';
import { varianceOfDifference } from './content-share.ts';
import type { HeadMaps, MapsResult } from './result.ts';

export async function startCells(
  context: CellContext<AttentionMapsConfig>,
): Promise<CellRunner<EncodingCell, MapsResult>> {
  const { config } = context;
  const corpus = announceCorpus(context);
  const { encodings: _, drawn: __, method: ___, contentShare: ____, ...task } = config;
  return {
    async run(cell, folder) {
      const title = `${titleOf(cell.encoding)} seed ${cell.seed}`;
      const { seen, ...trained } = await trainCell({ title, cell, task, corpus, folder }, context, (model) =>
        lookAtMaps(model, config, corpus),
      );
      return { ...trained, tokens: seen?.tokens ?? [], heads: seen?.heads ?? [] };
    },
    dispose() {},
  };
}

async function lookAtMaps(
  model: LanguageModel,
  { mapLength, layers, heads, drawn }: AttentionMapsConfig,
  { validation, vocabulary }: Corpus,
): Promise<Pick<MapsResult, 'tokens' | 'heads'>> {
  const text = validation.subarray(0, mapLength);
  const tokens = tf.tensor2d([...text], [1, mapLength], 'int32');
  const found: HeadMaps[] = [];
  for (let layer = 0; layer < layers; layer++) {
    for (let head = 0; head < heads; head++) {
      const maps = scoreMaps(model, tokens, { layer, head });
      const [before, after] = [await causalRows(maps.before), await causalRows(maps.after)];
      tf.dispose({ ...maps });
      const { deviation, withinDistances } = varianceOfDifference(after, before);
      const place = `${layer}.${head}`;
      const shown = drawn.includes(place);
      found.push({
        place,
        contentShare: withinDistances,
        added: deviation,
        before: shown ? before : null,
        after: shown ? after : null,
      });
    }
  }
  tokens.dispose();
  return { tokens: [...text].map((token) => vocabulary.decode([token])), heads: found };
}

/** Row i of a map [T, T] up to key i. */
async function causalRows(map: tf.Tensor2D): Promise<number[][]> {
  const rows = await map.array();
  return rows.map((row, i) => row.slice(0, i + 1));
}
