import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildEncoder, EfficientBert, MobileBert } from '../../methods/efficient-bert/index.ts';
import { useBackend } from '../../src/backends/index.ts';
import {
  Bert,
  type EncoderModel,
  loadWeights,
  MaskedTokenPredictor,
  openModel,
  PooledEncoder,
  readModelFolder,
  SequenceClassifier,
  SequenceRegressor,
  SpanExtractor,
  type StoredModel,
  saveModel,
} from '../../src/bert/index.ts';
import { WordPieceTokenizer } from '../../src/data/index.ts';
import { UserError } from '../../src/errors.ts';
import type { ParameterOwner } from '../../src/nn/index.ts';
import { RandomStreams } from '../../src/random/index.ts';
import { decodeSafetensors, encodeSafetensors, type SafeTensor } from '../../src/training/index.ts';
import { randomizeParameters } from '../nn/weights.ts';
import { temporaryFolders } from '../support/temporary-folder.ts';

const folder = temporaryFolders();
const streams = new RandomStreams(1);
const TINY = { vocabulary: 7, positions: 5, segments: 2, width: 4, layers: 2, heads: 2, hidden: 6 };
const VOCABULARY = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'the', 'cat'];

beforeAll(() => useBackend('js'));

type Model = StoredModel & ParameterOwner;

const ENCODERS: Readonly<Record<string, () => EncoderModel>> = {
  Bert: () => new Bert({ ...TINY, activation: 'gelu-tanh', epsilon: 1e-6, fitWidth: 3 }, streams),
  EfficientBert: () =>
    new EfficientBert(
      {
        ...TINY,
        expressions: [
          'linear2_2(gelu(linear2_2(max(x,tanh(x)),wb1)),wb2)',
          'linear1_1(relu(mul(linear1_1(x,wb1),x)),wb2)',
        ],
        hidden: 4,
        embeddingWidth: 3,
        fitWidth: 9,
      },
      streams,
    ),
  MobileBertTiny: () =>
    new MobileBert({ ...TINY, innerWidth: 2, heads: 1, embeddingWidth: 3, stackedFfn: 2 }, streams),
};

const HEADS: Readonly<Record<string, (encoder: EncoderModel) => Model>> = {
  none: (encoder) => encoder,
  pooler: (encoder) => new PooledEncoder(encoder, streams),
  classifier: (encoder) => new SequenceClassifier(encoder, ['no', 'yes', 'maybe'], streams),
  regressor: (encoder) => new SequenceRegressor(encoder, streams),
  span: (encoder) => new SpanExtractor(encoder, streams),
  tokens: (encoder) => new MaskedTokenPredictor(encoder, streams),
};

async function valuesOf(model: ParameterOwner): Promise<[string, number[]][]> {
  return Promise.all(
    model
      .parameters()
      .map(async ({ name, variable }): Promise<[string, number[]]> => [name, [...(await variable.data())]]),
  );
}

/** A saved BERT, whose files a test then spoils. */
async function saved(head: keyof typeof HEADS = 'pooler', tokenizer?: WordPieceTokenizer): Promise<string> {
  const path = join(folder(), 'model');
  const model = (HEADS[head] as (encoder: EncoderModel) => Model)(new Bert(TINY, streams));
  randomizeParameters(model, 5);
  await saveModel(path, model, tokenizer);
  model.dispose();
  return path;
}

const open = (path: string, options: { fresh?: readonly ('pooler' | 'head')[] } = {}) =>
  openModel(path, {
    ...options,
    streams,
    build: buildEncoder,
    head: (encoder) => new PooledEncoder(encoder, streams),
  });

function changeSettings(path: string, change: Readonly<Record<string, unknown>>): void {
  const file = join(path, 'config.json');
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...change }));
}

function changeTensors(path: string, change: (tensors: Map<string, SafeTensor>) => void): void {
  const file = join(path, 'model.safetensors');
  const tensors = new Map(decodeSafetensors(readFileSync(file)).tensors);
  change(tensors);
  writeFileSync(file, encodeSafetensors(tensors));
}

async function refusal(action: Promise<unknown>): Promise<string> {
  const error = await action.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(UserError);
  return (error as Error).message;
}

describe('saveModel and openModel', () => {
  it.each(
    Object.keys(ENCODERS).flatMap((encoder) => Object.keys(HEADS).map((head) => [encoder, head] as const)),
  )('round trip: %s, head %s', async (encoder, head) => {
    const withHead = HEADS[head] as (encoder: EncoderModel) => Model;
    const model = withHead((ENCODERS[encoder] as () => EncoderModel)());
    randomizeParameters(model, 3);
    const path = join(folder(), 'new', 'model');
    const tokenizer = new WordPieceTokenizer(VOCABULARY, { lowercase: false });
    await saveModel(path, model, tokenizer);
    expect(readdirSync(path).sort()).toEqual([
      'config.json',
      'model.safetensors',
      'tokenizer_config.json',
      'vocab.txt',
    ]);
    const before = tf.memory().numTensors;
    const opened = await openModel(path, { streams, build: buildEncoder, head: withHead });
    expect(await valuesOf(opened.model)).toEqual(await valuesOf(model));
    expect(opened.model.settings()).toEqual(model.settings());
    expect(opened.tokenizer?.options).toEqual(tokenizer.options);
    expect(opened.folder.architecture).toBe(`${encoder}${model.architecture}`);
    expect(opened.weights).toMatchObject({ initialized: [], unused: [] });
    expect(opened.weights.loaded).toHaveLength(model.stored().length);
    if (head === 'classifier') expect(opened.folder.labels).toEqual(['no', 'yes', 'maybe']);
    opened.model.dispose();
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  });

  it('writes the names, shapes and layout of Hugging Face', async () => {
    const path = join(folder(), 'model');
    const model = new SpanExtractor(new Bert({ ...TINY, layers: 1 }, streams), streams);
    randomizeParameters(model, 3);
    await saveModel(path, model);
    const { tensors, metadata } = decodeSafetensors(readFileSync(join(path, 'model.safetensors')));
    expect(metadata).toEqual({ format: 'pt' });
    const layer = 'bert.encoder.layer.0';
    expect(Object.fromEntries([...tensors].map(([name, { shape }]) => [name, shape]))).toEqual({
      'bert.embeddings.word_embeddings.weight': [7, 4],
      'bert.embeddings.position_embeddings.weight': [5, 4],
      'bert.embeddings.token_type_embeddings.weight': [2, 4],
      'bert.embeddings.LayerNorm.weight': [4],
      'bert.embeddings.LayerNorm.bias': [4],
      ...Object.fromEntries(
        ['self.query', 'self.key', 'self.value', 'output.dense'].flatMap((name) => [
          [`${layer}.attention.${name}.weight`, [4, 4]],
          [`${layer}.attention.${name}.bias`, [4]],
        ]),
      ),
      [`${layer}.attention.output.LayerNorm.weight`]: [4],
      [`${layer}.attention.output.LayerNorm.bias`]: [4],
      [`${layer}.intermediate.dense.weight`]: [6, 4],
      [`${layer}.intermediate.dense.bias`]: [6],
      [`${layer}.output.dense.weight`]: [4, 6],
      [`${layer}.output.dense.bias`]: [4],
      [`${layer}.output.LayerNorm.weight`]: [4],
      [`${layer}.output.LayerNorm.bias`]: [4],
      'qa_outputs.weight': [2, 4],
      'qa_outputs.bias': [2],
    });
    // PyTorch's [out, in]: row 1 of the keys is column D + 1 of ours.
    const ours = new Map(await valuesOf(model)).get(
      'base.encoder.blocks.0.attention.queryKeyValue.weight',
    ) as number[];
    const keys = tensors.get(`${layer}.attention.self.key.weight`)?.data as Float32Array;
    expect([...keys.slice(4, 8)]).toEqual([0, 1, 2, 3].map((input) => ours[input * 12 + 4 + 1]));
    model.dispose();
  });

  it('replaces a folder of its own as a whole, and no other', async () => {
    const path = await saved('pooler', new WordPieceTokenizer(VOCABULARY));
    const bert = new Bert(TINY, streams);
    await saveModel(path, bert);
    expect(readdirSync(path).sort()).toEqual(['config.json', 'model.safetensors']);
    expect(readdirSync(join(path, '..'))).toEqual(['model']); // nothing temporary is left
    writeFileSync(join(path, 'notes.txt'), 'mine');
    expect(await refusal(saveModel(path, bert))).toContain(
      'holds notes.txt, which is no file of a saved model',
    );
    expect(existsSync(join(path, 'notes.txt'))).toBe(true);
    writeFileSync(join(path, 'file'), '');
    expect(await refusal(saveModel(join(path, 'file', 'model'), bert))).toContain(
      'part of the path is a file',
    );
    bert.dispose();
  });
});

describe('loadWeights', () => {
  it('reads the names that TensorFlow’s checkpoints had, with or without bert., and buffers and foreign heads aside', async () => {
    const path = await saved();
    const expected = await open(path);
    changeTensors(path, (tensors) => {
      for (const [name, tensor] of [...tensors]) {
        tensors.delete(name);
        const old = name
          .replace('LayerNorm.weight', 'LayerNorm.gamma')
          .replace('LayerNorm.bias', 'LayerNorm.beta');
        tensors.set(`bert.${old}`, tensor);
      }
      tensors.set('bert.embeddings.position_ids', {
        dtype: 'I64',
        shape: [1, 5],
        data: new BigInt64Array(5),
      });
      tensors.set('cls.seq_relationship.bias', { dtype: 'F32', shape: [2], data: new Float32Array(2) });
    });
    const opened = await open(path);
    expect(await valuesOf(opened.model)).toEqual(await valuesOf(expected.model));
    expect(opened.weights.unused).toEqual(['embeddings.position_ids', 'cls.seq_relationship.bias']);
    for (const { model } of [expected, opened]) model.dispose();
  });

  it('reads half precision exactly', async () => {
    const path = await saved();
    const halves = [0, -0, 1, -2.5, 2 ** -14, 2 ** -24, 65504, 0.333251953125];
    const bits16 = [0x0000, 0x8000, 0x3c00, 0xc100, 0x0400, 0x0001, 0x7bff, 0x3555];
    const bitsB = [0x0000, 0x8000, 0x3f80, 0xc020, 0x3880, 0x3380, 0x4780, 0x3eab];
    changeTensors(path, (tensors) => {
      const shape = [2, 4];
      tensors.set('embeddings.token_type_embeddings.weight', {
        dtype: 'F16',
        shape,
        data: Uint16Array.from(bits16),
      });
      tensors.set('embeddings.LayerNorm.bias', {
        dtype: 'F64',
        shape: [4],
        data: Float64Array.of(1, 2, 3, 0.1),
      });
      const row = bitsB.slice(0, 4);
      tensors.set('embeddings.LayerNorm.weight', { dtype: 'BF16', shape: [4], data: Uint16Array.from(row) });
    });
    const { model } = await open(path);
    const values = new Map(await valuesOf(model));
    expect(values.get('base.encoder.embedding.segments.weight')).toEqual(halves);
    expect(values.get('base.encoder.embedding.norm.gain')).toEqual([0, -0, 1, -2.5]);
    expect(values.get('base.encoder.embedding.norm.bias')).toEqual([1, 2, 3, Math.fround(0.1)]);
    model.dispose();
  });

  it('lists all that is missing, of another shape, or unknown, and changes nothing', async () => {
    const path = await saved();
    changeTensors(path, (tensors) => {
      tensors.delete('encoder.layer.1.attention.self.key.bias');
      tensors.set('pooler.dense.weight', { dtype: 'F32', shape: [4, 3], data: new Float32Array(12) });
      tensors.set('encoder.layer.0.output.dense.bias', { dtype: 'I32', shape: [4], data: new Int32Array(4) });
      tensors.set('encoder.layer.2.output.dense.bias', {
        dtype: 'F32',
        shape: [4],
        data: new Float32Array(4),
      });
    });
    const model = new PooledEncoder(new Bert(TINY, streams), streams);
    const before = await valuesOf(model);
    const message = await refusal(loadWeights(model, path));
    expect(message.split('\n').slice(1)).toEqual([
      '  encoder.layer.0.output.dense.bias: type I32, which weights do not have',
      '  encoder.layer.1.attention.self.key.bias: missing',
      '  pooler.dense.weight: shape [4,3] where the model has [4,4]',
      '  encoder.layer.2.output.dense.bias: not in the model',
    ]);
    expect(await valuesOf(model)).toEqual(before);
    model.dispose();
  });

  it('leaves parts new where told so, and says which', async () => {
    const path = await saved('none');
    expect(await refusal(open(path))).toContain('pooler.dense.weight: missing');
    const { model, weights } = await open(path, { fresh: ['pooler'] });
    expect(weights.initialized).toEqual(['pooler.dense.weight', 'pooler.dense.bias']);
    model.dispose();
    const other = await saved('classifier');
    const classifier = await openModel(other, {
      streams,
      fresh: ['head'],
      head: (encoder) => new SequenceClassifier(encoder, ['a', 'b'], streams),
    });
    expect(classifier.weights.initialized).toEqual(['classifier.weight', 'classifier.bias']);
    expect(classifier.weights.loaded).toContain('pooler.dense.weight');
    classifier.model.dispose();
  });

  it('refuses files that are missing, truncated, doubled, or of another format', async () => {
    const path = await saved();
    changeTensors(path, (tensors) => {
      const twin = tensors.get('pooler.dense.bias') as SafeTensor;
      tensors.set('bert.pooler.dense.bias', twin);
    });
    expect(await refusal(open(path))).toMatch(
      /holds both (bert\.)?pooler\.dense\.bias and (bert\.)?pooler\.dense\.bias/,
    );
    truncateSync(join(path, 'model.safetensors'), 1500);
    expect(await refusal(open(path))).toMatch(
      /model\.safetensors is no valid safetensors file: .* truncated/,
    );
    const empty = join(folder(), 'empty');
    mkdirSync(empty);
    writeFileSync(join(empty, 'config.json'), readFileSync(join(path, 'config.json')));
    const before = tf.memory().numTensors;
    expect(await refusal(open(empty))).toContain('model.safetensors: there is no such file');
    expect(tf.memory().numTensors).toBe(before); // the model that was begun is gone
  });
});

describe('config.json', () => {
  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['vocab_size is "7"; an integer from 1 on is needed', { vocab_size: '7' }],
    ['hidden_size is 0; an integer', { hidden_size: 0 }],
    ['hidden_size is missing', { hidden_size: null }],
    ['layer_norm_eps is "small"; a number from 0 on is needed', { layer_norm_eps: 'small' }],
    ['hidden_act is "silu"; known here are gelu, gelu_new', { hidden_act: 'silu' }],
    [
      'position_embedding_type is "relative_key"; only "absolute" is known here',
      { position_embedding_type: 'relative_key' },
    ],
    ['is_decoder is true', { is_decoder: true }],
    ['add_cross_attention is true', { add_cross_attention: true }],
    ['pruned_heads is {"0":[1]}', { pruned_heads: { 0: [1] } }],
    ['embedding_size is 3; only 4', { embedding_size: 3 }],
    ['model_type is "roberta"; only "bert"', { model_type: 'roberta' }],
    ['3 heads do not divide the width 4', { num_attention_heads: 3 }],
    ['embeddings.word_embeddings.weight: shape [7,4] where the model has [9,4]', { vocab_size: 9 }],
    ['encoder.layer.1.output.dense.bias: not in the model', { num_hidden_layers: 1 }],
    ['encoder.layer.2.output.dense.bias: missing', { num_hidden_layers: 3 }],
    ['intermediate.dense.weight: shape [6,4] where the model has [8,4]', { intermediate_size: 8 }],
    ['model_type is not a text', { model_type: 3 }],
    ['id2label has no text for 1', { id2label: { 0: 'no', 2: 'yes' } }],
  ])('refuses: %s', async (message, change) => {
    const path = await saved();
    changeSettings(path, change);
    const before = tf.memory().numTensors;
    expect(await refusal(open(path))).toContain(message);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('leaves alone what does not concern the forward pass, and takes defaults', async () => {
    const path = await saved();
    const kept = { hidden_size: 4, num_hidden_layers: 2, num_attention_heads: 2, intermediate_size: 6 };
    const rest = {
      vocab_size: 7,
      max_position_embeddings: 5,
      use_cache: true,
      gradient_checkpointing: false,
    };
    writeFileSync(join(path, 'config.json'), JSON.stringify({ ...kept, ...rest, finetuning_task: 'sst2' }));
    const { model } = await open(path);
    expect((model.base as Bert).config).toMatchObject({
      epsilon: 1e-12,
      dropout: 0.1,
      activation: 'gelu',
      segments: 2,
    });
    model.dispose();
  });

  it('names what is no folder, no JSON, no object', async () => {
    expect(await refusal(readModelFolder(folder()))).toContain('there is no such file');
    const path = await saved();
    writeFileSync(join(path, 'config.json'), '{"a": ');
    expect(await refusal(open(path))).toContain('config.json is not valid JSON');
    writeFileSync(join(path, 'config.json'), '[]');
    expect(await refusal(open(path))).toContain('is not a JSON object');
  });

  it('refuses a vocabulary larger than the table of tokens', async () => {
    const path = await saved('pooler', new WordPieceTokenizer([...VOCABULARY, 'sat']));
    expect(await refusal(open(path))).toContain('has 8 tokens, the model only 7 (vocab_size in');
  });

  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['foo is 1; an EfficientBERT has no such setting', { foo: 1 }],
    ['ffn_expressions is "x"; a list of texts is needed', { ffn_expressions: 'x' }],
    ['column 6: expected an expression, got', { ffn_expressions: ['gelu(?)'] }],
    ['ffn_width_rule is "mean"; known here are min, max', { ffn_width_rule: 'mean' }],
    ['there is no expression, and so no layer', { ffn_expressions: [] }],
  ])('of an EfficientBERT is strict: %s', async (message, change) => {
    const path = join(folder(), 'model');
    const model = (ENCODERS.EfficientBert as () => EncoderModel)();
    await saveModel(path, model);
    model.dispose();
    changeSettings(path, change);
    expect(await refusal(open(path))).toContain(message);
  });
});
