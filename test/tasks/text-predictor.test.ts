import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { predictCommand } from '../../benchmarks/commands/predict.ts';
import { buildEncoder } from '../../methods/efficient-bert/index.ts';
import { useBackend } from '../../src/backends/index.ts';
import { type StoredModel, saveModel } from '../../src/bert/index.ts';
import type { ParameterOwner } from '../../src/nn/index.ts';
import { openTextPredictor } from '../../src/tasks/index.ts';
import { temporaryFolders } from '../support/temporary-folder.ts';
import { tinyClassifier, tinyExtractor, tinyRegressor, tokenizer } from './fixtures.ts';

const temporaryFolder = temporaryFolders();

beforeAll(async () => {
  await useBackend('js');
});

async function saved(model: StoredModel & ParameterOwner, withTokenizer = true): Promise<string> {
  const folder = join(temporaryFolder(), 'model');
  await saveModel(folder, model, withTokenizer ? tokenizer : undefined);
  model.dispose();
  return folder;
}

async function answers(folder: string, lines: readonly string[]): Promise<[number, unknown[]]> {
  const output = new PassThrough();
  const written = text(output);
  const code = await predictCommand(folder, 'js', Readable.from([`${lines.join('\n')}\n`]), output);
  output.end();
  return [
    code,
    (await written)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ];
}

describe('predict', () => {
  it('gives the classes that the model gives, one JSON for a line', async () => {
    const before = tf.memory().numTensors;
    const model = tinyClassifier();
    const { tokens, segments, padding } = tokenizer.encode('the film', { pair: 'bob', length: 16 });
    const row = (values: Int32Array) => tf.tensor2d(values, [1, 16], 'int32');
    const inputs = { tokens: row(tokens), segments: row(segments), padding: row(padding) };
    const logits = model.logits(inputs);
    const [negative, positive] = (await logits.data()) as Float32Array;
    tf.dispose([logits, ...Object.values(inputs)]);
    const wanted = 1 / (1 + Math.exp((negative as number) - (positive as number)));

    const [code, found] = await answers(await saved(model), [
      'the film\tbob',
      '{"text": "the film", "pair": "bob"}',
      'a good film',
    ]);
    expect(code).toBe(0);
    expect(found).toHaveLength(3);
    const [tab, json] = found as { label: string; probabilities: Record<string, number> }[];
    expect(tab).toEqual(json);
    // The padding is as long, and float32 as exact, in both.
    expect(tab?.probabilities.positive).toBeCloseTo(wanted, 6);
    expect(tab?.label).toBe(wanted > 0.5 ? 'positive' : 'negative');
    expect(tf.memory().numTensors).toBe(before);
  });

  it('says of each bad line what is wrong with it, and goes on', async () => {
    const [code, found] = await answers(await saved(tinyClassifier()), [
      '',
      'a\tb\tc',
      '{"text": ',
      '{"text": 3}',
      '{"pair": "x"}',
      'the film',
    ]);
    expect(code).toBe(1);
    expect(found.slice(0, 5)).toEqual([
      { error: 'The text is empty.' },
      { error: expect.stringContaining('more than one tab') },
      { error: expect.stringContaining('begins as JSON and is not') },
      { error: 'text must be a text.' },
      { error: 'There is no text.' },
    ]);
    expect(found[5]).toHaveProperty('label');
  });

  it('gives scores and answers from contexts', async () => {
    const [, scores] = await answers(await saved(tinyRegressor()), ['a film\tthe plot']);
    expect(scores).toEqual([{ score: expect.any(Number) }]);
    const context = 'bob made the film .';
    const [code, found] = await answers(await saved(tinyExtractor()), [
      `who made it ?\t${context}`,
      JSON.stringify({ question: 'who made it ?', context }),
      // More tokens than the 32 positions of the model have room for, in the question and in the context.
      JSON.stringify({ question: 'who made it ? '.repeat(20), context: `${context} `.repeat(20) }),
      JSON.stringify({ question: 'who made it ?' }),
    ]);
    expect(code).toBe(1);
    expect(found[1]).toEqual(found[0]);
    expect(found[2]).toHaveProperty('answer');
    expect(found[3]).toEqual({ error: 'There is no context.' });
    const [{ answer, score, nullScore }] = found as [{ answer: string; score: number; nullScore: number }];
    expect(context).toContain(answer);
    expect(answer === '').toBe(nullScore > score);
  });

  it('refuses folders that answer nothing', async () => {
    const bare = tinyClassifier();
    const encoder = await saved(bare.base);
    await expect(openTextPredictor(encoder, buildEncoder)).rejects.toThrow(/answers no text/);
    const mute = await saved(tinyClassifier(), false);
    await expect(openTextPredictor(mute, buildEncoder)).rejects.toThrow(/no tokenizer/);
  });
});
