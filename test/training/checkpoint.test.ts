import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { LanguageModel, type LanguageModelOptions } from '../../src/nn/index.ts';
import { AdamW } from '../../src/optimizers/index.ts';
import { RandomStreams } from '../../src/random/index.ts';
import { latestCheckpoint, loadCheckpoint, saveCheckpoint } from '../../src/training/checkpoint.ts';
import { decodeSafetensors, encodeSafetensors, type SafeTensor } from '../../src/training/safetensors.ts';

const MODEL: LanguageModelOptions = { vocabulary: 5, contextLength: 4, width: 4, layers: 1, heads: 2 };
const CONFIG = { model: { ...MODEL }, data: 'abc', rates: [1, 2] };

beforeAll(() => tf.setBackend('cpu'));

let folder: string;
const made: { dispose(): void }[] = [];
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'checkpoint-')), 'checkpoints');
});
afterEach(() => {
  rmSync(join(folder, '..'), { recursive: true });
  for (const thing of made.splice(0)) thing.dispose();
});

function setUp(seed = 0, options: Partial<LanguageModelOptions> = {}) {
  const streams = new RandomStreams(seed);
  const model = new LanguageModel({ ...MODEL, ...options }, streams);
  const optimizer = new AdamW({ learningRate: 0.1 });
  made.push(model, optimizer);
  return { streams, model, optimizer };
}

type Setup = ReturnType<typeof setUp>;

/** One update with gradients drawn from the data stream. */
function update({ model, optimizer, streams }: Setup): void {
  tf.tidy(() => {
    const gradients = model.parameters().map(({ variable: { name, shape, size } }) => {
      return [
        name,
        tf.tensor(
          Array.from({ length: size }, () => streams.data.normal()),
          shape,
        ),
      ];
    });
    optimizer.applyGradients(Object.fromEntries(gradients));
  });
}

async function snapshot({ model, optimizer, streams }: Setup): Promise<unknown> {
  const weights = model.parameters().map(async ({ name, variable }) => [name, [...(await variable.data())]]);
  const slots = (await optimizer.getWeights()).map(async ({ tensor }) => [...(await tensor.data())]);
  return { weights: await Promise.all(weights), slots: await Promise.all(slots), streams: streams.state() };
}

async function saved(): Promise<string> {
  const setup = setUp();
  update(setup);
  return saveCheckpoint(folder, { ...setup, step: 1, config: CONFIG });
}

async function refusal(setup = setUp(1), config: typeof CONFIG | object = CONFIG): Promise<string> {
  const before = await snapshot(setup);
  const error = await loadCheckpoint(folder, { ...setup, config: config as typeof CONFIG }).catch(
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).exitCode).toBe(3);
  expect(await snapshot(setup)).toEqual(before); // nothing is changed by a refusal
  return (error as Error).message;
}

type StateJson = Record<string, unknown> & { files: Record<string, { bytes: number; sha256: string }> };

/** Changes state.json, with or without making its sha256 right again. */
function editState(path: string, edit: (state: StateJson) => void, resign = true): void {
  const file = join(path, 'state.json');
  const { sha256, ...state } = JSON.parse(readFileSync(file, 'utf8')) as StateJson;
  edit(state as StateJson);
  const signature = resign ? createHash('sha256').update(JSON.stringify(state)).digest('hex') : sha256;
  writeFileSync(file, JSON.stringify({ ...state, sha256: signature }));
}

/** Changes the tensors of a file, and makes state.json agree. */
function editTensors(
  path: string,
  kind: 'weights' | 'optimizer',
  edit: (tensors: Map<string, SafeTensor>) => void,
): void {
  const file = join(path, `${kind}.safetensors`);
  const { tensors, metadata } = decodeSafetensors(readFileSync(file));
  const edited = new Map(tensors);
  edit(edited);
  const bytes = encodeSafetensors(edited, metadata);
  writeFileSync(file, bytes);
  editState(path, (state) => {
    state.files[kind] = { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  });
}

describe('save and load', () => {
  it('continue in another model with the same bits', async () => {
    const original = setUp();
    update(original);
    update(original);
    original.streams.dropout.normal();
    const path = await saveCheckpoint(folder, { ...original, step: 2, dataPosition: 9, config: CONFIG });
    const copy = setUp(1);
    const loaded = await loadCheckpoint(folder, { ...copy, config: CONFIG });
    expect(loaded).toEqual({ path, step: 2, dataPosition: 9, changedVersions: [] });
    expect(await snapshot(copy)).toEqual(await snapshot(original));
    expect(copy.optimizer.iterations).toBe(2);
    update(original);
    update(copy);
    expect(await snapshot(copy)).toEqual(await snapshot(original));
  });

  it('saves again what was loaded and not yet used', async () => {
    const original = setUp();
    update(original);
    await saveCheckpoint(folder, { ...original, step: 1, config: CONFIG });
    const copy = setUp(1);
    await loadCheckpoint(folder, { ...copy, config: CONFIG });
    await saveCheckpoint(folder, { ...copy, step: 1, config: CONFIG });
    const again = setUp(2);
    await loadCheckpoint(folder, { ...again, config: CONFIG });
    update(original);
    update(again);
    expect(await snapshot(again)).toEqual(await snapshot(original));
  });

  it('before the first step, when there is no optimizer state', async () => {
    const original = setUp();
    await saveCheckpoint(folder, { ...original, step: 0, config: CONFIG });
    const copy = setUp(1);
    expect((await loadCheckpoint(folder, { ...copy, config: CONFIG })).step).toBe(0);
    expect(await snapshot(copy)).toEqual(await snapshot(original));
  });

  it("are safetensors under the parameters' names", async () => {
    const path = await saved();
    const weights = decodeSafetensors(readFileSync(join(path, 'weights.safetensors')));
    expect([...weights.tensors.keys()]).toEqual(
      setUp()
        .model.parameters()
        .map(({ name }) => name),
    );
    expect(weights.tensors.get('tokens.weight')).toMatchObject({ dtype: 'F32', shape: [5, 4] });
    expect(weights.metadata).toEqual({ step: '1' });
    const state = decodeSafetensors(readFileSync(join(path, 'optimizer.safetensors'))).tensors;
    expect(state.get('iter')).toEqual({ dtype: 'I32', shape: [], data: Int32Array.of(1) });
    expect(state.get('blocks.0.attention.output.weight/adamw_m')).toMatchObject({
      dtype: 'F32',
      shape: [4, 4],
    });
  });

  it('leave no tensors', async () => {
    const original = setUp();
    update(original);
    const copy = setUp(1);
    update(copy);
    await original.optimizer.getWeights(); // the optimizer keeps its count of steps as a tensor from here on
    await copy.optimizer.getWeights();
    const before = tf.memory().numTensors;
    await saveCheckpoint(folder, { ...original, step: 1, config: CONFIG });
    expect(tf.memory().numTensors).toBe(before);
    await loadCheckpoint(folder, { ...copy, config: CONFIG });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('ignore the order of the configuration and fields that are undefined', async () => {
    await saved();
    const { data, ...rest } = CONFIG;
    const config = { data, extra: undefined, ...rest } as unknown as typeof CONFIG;
    expect((await loadCheckpoint(folder, { ...setUp(1), config })).step).toBe(1);
  });

  it('name the versions that have changed', async () => {
    const setup = setUp();
    const versions = { 'tfjs-methods': '0.1.0' };
    const path = await saveCheckpoint(folder, { ...setup, step: 1, config: CONFIG, versions });
    editState(path, (state) => {
      (state.versions as Record<string, string>).node = 'v1.2.3';
    });
    const loaded = await loadCheckpoint(folder, {
      ...setup,
      config: CONFIG,
      versions: { 'tfjs-methods': '0.2.0' },
    });
    expect(loaded.changedVersions).toEqual([
      `node: "v1.2.3" in the checkpoint, "${process.version}" here`,
      'tfjs-methods: "0.1.0" in the checkpoint, "0.2.0" here',
    ]);
  });
});

describe('a checkpoint is refused by name of what is wrong:', () => {
  it('none there', async () => {
    expect(await latestCheckpoint(folder)).toBeUndefined();
    expect(await refusal()).toBe(`There is no checkpoint in ${folder}.`);
  });

  it.each(['weights', 'optimizer'] as const)('%s truncated, changed, missing', async (kind) => {
    const file = join(await saved(), `${kind}.safetensors`);
    const whole = readFileSync(file);
    writeFileSync(file, whole.subarray(0, -1));
    expect(await refusal()).toContain(
      `${kind}.safetensors, size: ${whole.length - 1} bytes where ${whole.length} were`,
    );
    const changed = Buffer.from(whole);
    changed[whole.length - 1] = (changed[whole.length - 1] as number) ^ 1;
    writeFileSync(file, changed);
    expect(await refusal()).toContain(`${kind}.safetensors, sha256: the contents are not those`);
    rmSync(file);
    expect(await refusal()).toContain(`${kind}.safetensors, the file is missing`);
  });

  it('state.json missing, truncated at any length, changed', async () => {
    const file = join(await saved(), 'state.json');
    const whole = readFileSync(file, 'utf8');
    for (const length of [0, 1, 100, whole.length - 3]) {
      writeFileSync(file, whole.slice(0, length));
      expect(await refusal()).toMatch(/state\.json: not valid JSON, perhaps truncated/);
    }
    writeFileSync(file, whole.replace('"step": 1', '"step": 2'));
    expect(await refusal()).toMatch(/state\.json: sha256: the contents are not those/);
    writeFileSync(file, '[]');
    expect(await refusal()).toMatch(/state\.json: format: undefined/);
    rmSync(file);
    expect(await refusal()).toMatch(/state\.json: the file is missing/);
  });

  it.each<[string, (state: StateJson) => void, RegExp]>([
    [
      'foreign format',
      (s) => Object.assign(s, { format: 'other' }),
      /format: "other" where "tfjs-methods checkpoint"/,
    ],
    [
      'format of the future',
      (s) => Object.assign(s, { formatVersion: 2 }),
      /formatVersion: 2, and this program reads 1/,
    ],
    ['step', (s) => Object.assign(s, { step: -1 }), /state\.json: step: /],
    ['stream', (s) => Object.assign(s.streams as object, { data: ['x'] }), /state\.json: streams\.data\.0: /],
    [
      'stream missing',
      (s) => Object.assign(s, { streams: { init: [1, 2, 3, 4] } }),
      /state\.json: streams: .*no stream 'data'/,
    ],
    ['field unknown', (s) => Object.assign(s, { extra: 1 }), /state\.json: .*extra/],
    ['field missing', (s) => Reflect.deleteProperty(s, 'dataPosition'), /state\.json: dataPosition: /],
    [
      'optimizer',
      (s) => Object.assign(s, { optimizer: 'CAME' }),
      /optimizer: "CAME" in the checkpoint, "AdamW" here/,
    ],
  ])('%s', async (_, edit, message) => {
    editState(await saved(), edit);
    expect(await refusal()).toMatch(message);
  });

  it('configuration', async () => {
    await saved();
    const model = { ...CONFIG.model, width: 8 };
    expect(await refusal(setUp(1), { ...CONFIG, model })).toContain(
      'config.model.width: 4 in the checkpoint, 8 here',
    );
    expect(await refusal(setUp(1), { ...CONFIG, rates: [1] })).toContain(
      'config.rates.1: 2 in the checkpoint, nothing here',
    );
    expect(await refusal(setUp(1), { ...CONFIG, more: null })).toContain(
      'config.more: nothing in the checkpoint, null here',
    );
  });

  it('tensors of another model', async () => {
    await saved();
    expect(await refusal(setUp(1, { layers: 2 }))).toMatch(
      /weights\.safetensors: tensor 'blocks\.1\..*', missing/,
    );
    expect(await refusal(setUp(1, { positions: 'none' }))).toContain(
      "tensor 'positions.weight', not a parameter of the model",
    );
    expect(await refusal(setUp(1, { vocabulary: 6 }))).toContain(
      "tensor 'tokens.weight', shape: [5,4] where the model has [6,4]",
    );
  });

  it('tensor types and optimizer state', async () => {
    const path = await saved();
    const original = decodeSafetensors(readFileSync(join(path, 'optimizer.safetensors'))).tensors;
    editTensors(path, 'optimizer', (tensors) => tensors.delete('iter'));
    expect(await refusal()).toContain("optimizer.safetensors: tensor 'iter', missing");
    editTensors(path, 'optimizer', (tensors) => {
      tensors.set('iter', original.get('iter') as SafeTensor);
      tensors.set('other.weight/adamw_m', { dtype: 'F32', shape: [1], data: Float32Array.of(1) });
    });
    expect(await refusal()).toContain(
      "tensor 'other.weight/adamw_m', state of a parameter that the model does not have",
    );
    editTensors(path, 'optimizer', (tensors) => {
      tensors.delete('other.weight/adamw_m');
      tensors.set('tokens.weight/adamw_m', { dtype: 'I32', shape: [5, 4], data: new Int32Array(20) });
    });
    expect(await refusal()).toContain("tensor 'tokens.weight/adamw_m', dtype: I32 where F32 was expected");
    editTensors(path, 'weights', (tensors) => {
      tensors.set('tokens.weight', { dtype: 'F64', shape: [5, 4], data: new Float64Array(20) });
    });
    expect(await refusal()).toContain("tensor 'tokens.weight', dtype: F64 where the model has F32");
  });

  it('a header that lies, though its sha256 is right', async () => {
    const path = await saved();
    const file = join(path, 'weights.safetensors');
    const bytes = Buffer.from(readFileSync(file).toString('latin1').replace('"F32"', '"F31"'), 'latin1');
    writeFileSync(file, bytes);
    editState(path, (state) => {
      state.files.weights = { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
    });
    expect(await refusal()).toMatch(
      /weights\.safetensors is no valid safetensors file: tensor '.*', dtype: "F31"/,
    );
  });
});
