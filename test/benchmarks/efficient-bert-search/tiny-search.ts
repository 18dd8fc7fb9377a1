import { studentShape } from '../../../benchmarks/efficient-bert-distillation-training/student.ts';
import {
  loadTaskData,
  type TaskData,
} from '../../../benchmarks/efficient-bert-distillation-training/task-data.ts';
import { headOf } from '../../../benchmarks/efficient-bert-distillation-training/task-head.ts';
import { presets, type SearchConfig } from '../../../benchmarks/efficient-bert-search/config.ts';
import { rowsOf, type Search, searchStage } from '../../../benchmarks/efficient-bert-search/stages.ts';
import {
  BERT_EXPRESSION,
  EfficientBert,
  type SearchState,
  supernetOf,
} from '../../../methods/efficient-bert/index.ts';
import { RandomStreams } from '../../../src/random/index.ts';

export const CANDIDATES = 7;

const config: SearchConfig = {
  ...presets.smoke,
  length: 12,
  candidates: { 'stage-1': CANDIDATES, 'stage-2': 1, 'stage-3': 1 },
  candidate: {
    texts: { epochs: 0.1, learningRate: 3e-3, batchSize: 16 },
    task: { epochs: 0.3, learningRate: 3e-2, batchSize: 16 },
  },
};

/** The first stage with real candidates of a model as small as can be, from a teacher and a supernet that were only drawn. */
export async function tinySearch(
  folder: string,
  change: Partial<SearchConfig> = {},
  onCandidate: (step: number) => void = () => {},
): Promise<SearchState> {
  const data = await loadTaskData({ ...config, ...change }, undefined, undefined);
  const streams = new RandomStreams(0);
  const teacher = drawnTeacher(data, streams);
  const shape = studentShape(config, teacher.base.sizes, data.tokenizer);
  const supernet = new EfficientBert(
    { ...supernetOf({ ...shape.shape, expressions: shape.expressions }), ...shape.rest },
    streams,
  );
  const search: Search = {
    config: { ...config, ...change },
    shape,
    teacher,
    supernet,
    data,
    training: {
      folder,
      seed: 0,
      label: 'tiny',
      identity: 'tiny',
      progress: {
        note() {},
        warn() {},
        expect() {},
        advance: ({ step }) => {
          if (step !== undefined) onCandidate(step);
        },
        finish() {},
      },
      signal: new AbortController().signal,
    },
    onTimes() {},
  };
  try {
    return (await searchStage('stage-1', search, rowsOf('stage-1', shape.layers, []))).state;
  } finally {
    supernet.dispose();
    teacher.dispose();
  }
}

function drawnTeacher({ task, tokenizer }: TaskData, streams: RandomStreams) {
  const encoder = new EfficientBert(
    {
      expressions: new Array<string>(2).fill(BERT_EXPRESSION),
      width: 12,
      heads: 2,
      hidden: 12,
      embeddingWidth: undefined,
      fitWidth: undefined,
      vocabulary: tokenizer.vocabulary.length,
      positions: 16,
    },
    streams,
  );
  return headOf(task, encoder, streams);
}
