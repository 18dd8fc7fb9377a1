import * as tf from '@tensorflow/tfjs';
import {
  type Architecture,
  BERT_EXPRESSION,
  copyFromSupernet,
  EfficientBert,
  supernetOf,
} from '../../methods/efficient-bert/index.ts';
import {
  Bert,
  type EncoderModel,
  fillVariable,
  SequenceClassifier,
  SequenceRegressor,
  SpanExtractor,
  type StoredModel,
} from '../../src/bert/index.ts';
import { RandomStreams } from '../../src/random/index.ts';
import { FOUND } from './fixtures.ts';
import golden from './golden-model.json' with { type: 'json' };

/** The tiny models of the golden numbers, for every kind of task. */
export type GoldenTask = 'mnli' | 'sts-b' | 'squad';
export type GoldenModel = SequenceClassifier | SequenceRegressor | SpanExtractor;

export const STUDENT: Architecture = {
  expressions: FOUND,
  width: 12,
  heads: 3,
  hidden: 12,
  widthRule: 'min',
  embeddingWidth: 4,
  fitWidth: 9,
  vocabulary: 20,
  positions: 16,
  segments: 2,
};

const TEACHER: Architecture = {
  ...STUDENT,
  expressions: new Array<string>(12).fill(BERT_EXPRESSION),
  width: 9,
  hidden: 18,
  embeddingWidth: undefined,
  fitWidth: undefined,
};

const LINEAR = ['weight', 'bias'];
const ATTENTION = [
  ...['attention.self.query', 'attention.self.key', 'attention.self.value'],
  ...['attention.output.dense', 'attention.output.LayerNorm'],
];

/** A model with the found networks, whose weights are slices of a supernet filled by number. */
export async function goldenStudent(task: GoldenTask): Promise<GoldenModel> {
  const streams = new RandomStreams(1);
  const supernet = headed(task, new EfficientBert(supernetOf(STUDENT), streams), streams);
  const ffns = [0, 1, 2, 3].flatMap((j) =>
    ['intermediate.dense', 'output.dense', 'output.LayerNorm'].map((part) => `ffn.${j}.${part}`),
  );
  const order = [
    ...inputNames(['embeddings.embedding_transformation']),
    ...layerNames(6, [...ATTENTION, ...ffns]),
    ...pairs(['fit_dense', ...headNames(task)]),
  ];
  fillByNumber(supernet, order, 0);
  const student = headed(task, new EfficientBert(STUDENT, streams), streams);
  await copyFromSupernet(supernet, student);
  supernet.dispose();
  return student;
}

/** BERT as the authors have it, by our own two ways: as `Bert`, and as `EfficientBert` with BERT's expression. */
export function goldenTeacher(task: GoldenTask, kind: 'Bert' | 'EfficientBert'): GoldenModel {
  const streams = new RandomStreams(1);
  const asBert = { ...TEACHER, layers: 12, activation: 'gelu-tanh', epsilon: 1e-5 } as const;
  const encoder = kind === 'Bert' ? new Bert(asBert, streams) : new EfficientBert(TEACHER, streams);
  const model = headed(task, encoder, streams);
  const ffn =
    kind === 'Bert'
      ? ['intermediate.dense', 'output.dense', 'output.LayerNorm']
      : ['ffn.0.intermediate.dense', 'ffn.0.output.dense', 'ffn.0.output.LayerNorm'];
  fillByNumber(
    model,
    [...inputNames([]), ...layerNames(12, [...ATTENTION, ...ffn]), ...pairs(headNames(task))],
    3,
  );
  return model;
}

export function goldenInputs() {
  const matrix = (values: number[][]) => tf.tensor2d(values, [2, 8], 'int32');
  return {
    tokens: matrix(golden.tokens),
    segments: matrix(golden.segments),
    padding: matrix(golden.padding),
  };
}

function headed(task: GoldenTask, encoder: EncoderModel, streams: RandomStreams): GoldenModel {
  if (task === 'squad') return new SpanExtractor(encoder, streams);
  if (task === 'sts-b') return new SequenceRegressor(encoder, streams);
  return new SequenceClassifier(encoder, ['contradiction', 'entailment', 'neutral'], streams);
}

function headNames(task: GoldenTask): string[] {
  return task === 'squad' ? ['qa_outputs'] : ['pooler.dense', 'classifier'];
}

function inputNames(map: readonly string[]): string[] {
  const tables = ['word_embeddings', 'token_type_embeddings', 'position_embeddings'];
  return [...tables.map((name) => `embeddings.${name}.weight`), ...pairs([...map, 'embeddings.LayerNorm'])];
}

function layerNames(layers: number, parts: readonly string[]): string[] {
  return Array.from({ length: layers }, (_, i) =>
    pairs(parts.map((part) => `encoder.layer.${i}.${part}`)),
  ).flat();
}

function pairs(names: readonly string[]): string[] {
  return names.flatMap((name) => LINEAR.map((part) => `${name}.${part}`));
}

/** Element k of parameter p in PyTorch's order and layout is ((37k + 11(p + offset)) mod 101 − 50)/250; gains are 1 more. */
function fillByNumber(model: StoredModel, order: readonly string[], offset: number): void {
  const tensors = new Map(model.stored().map((tensor) => [tensor.name, tensor]));
  if (tensors.size !== order.length) throw new Error(`${order.length} names for ${tensors.size} tensors`);
  const filled = new Map<tf.Variable, Float32Array>();
  for (const [p, name] of order.entries()) {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw new Error(`no tensor ${name}`);
    const values = filled.get(tensor.variable) ?? new Float32Array(tensor.variable.size);
    filled.set(tensor.variable, values);
    const base = name.endsWith('LayerNorm.weight') ? 1 : 0;
    const data = Float32Array.from(
      { length: tf.util.sizeFromShape([...tensor.shape]) },
      (_, k) => base + (((37 * k + 11 * (p + offset)) % 101) - 50) / 250,
    );
    fillVariable(values, tensor, data);
  }
  for (const [variable, values] of filled) tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
}
