import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { EfficientBert } from '../../methods/efficient-bert/index.ts';
import { BASELINE, OURS } from './config.ts';
import { encoderToOnnx } from './encoder-to-onnx.ts';
import type { TimedModel } from './models.ts';

/** What is used of onnxruntime-node. */
interface Runtime {
  readonly InferenceSession: {
    create(path: string, options: Readonly<Record<string, unknown>>): Promise<Session>;
  };
  readonly Tensor: new (type: 'int64', data: BigInt64Array, shape: readonly number[]) => unknown;
  readonly env: { readonly versions?: { readonly node?: string; readonly common?: string } };
}

interface Session {
  readonly outputNames: readonly string[];
  run(
    feeds: Readonly<Record<string, unknown>>,
  ): Promise<Readonly<Record<string, { readonly data: Float32Array }>>>;
  release(): Promise<void>;
}

/** onnxruntime-node with the two models of the claim. */
export interface Onnxruntime {
  readonly version: string;
  readonly models: ReadonlySet<string>;
  /** A forward pass over these tokens [B, T]: resolves to the states of the first ones. */
  prepare(model: string, tokens: Int32Array, batch: number): () => Promise<Float32Array>;
  dispose(): Promise<void>;
}

const PACKAGE = 'onnxruntime-node';

/** Nobody needs it but for this comparison: it is used where the project or NODE_PATH has it. Else the reason why not. */
export async function startOnnxruntime(models: readonly TimedModel[]): Promise<Onnxruntime | string> {
  let runtime: Runtime;
  try {
    runtime = createRequire(import.meta.url)(PACKAGE) as Runtime;
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND';
    return missing
      ? `${PACKAGE} is not installed (npm install --no-save ${PACKAGE})`
      : `${PACKAGE} does not load: ${(error as Error).message.split('\n')[0]}`;
  }
  const sessions = new Map<string, Session>();
  const folder = await mkdtemp(join(tmpdir(), 'onnx-'));
  try {
    for (const { name, model } of models) {
      if (!(name === BASELINE || name === OURS) || !(model instanceof EfficientBert)) continue;
      const path = join(folder, `${name}.onnx`);
      await writeFile(path, await encoderToOnnx(model));
      sessions.set(
        name,
        await runtime.InferenceSession.create(path, {
          executionProviders: ['cpu'],
          graphOptimizationLevel: 'all',
          intraOpNumThreads: availableParallelism(),
        }),
      );
      await rm(path);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const { node, common } = runtime.env.versions ?? {};
  return {
    version: `${PACKAGE} ${node ?? common ?? ''}, all graph optimisations`,
    models: new Set(sessions.keys()),
    prepare(model, tokens, batch) {
      const session = sessions.get(model) as Session;
      const ids = BigInt64Array.from(tokens, BigInt);
      const feeds = { tokens: new runtime.Tensor('int64', ids, [batch, tokens.length / batch]) };
      const [output] = session.outputNames as [string];
      return async () => ((await session.run(feeds))[output] as { data: Float32Array }).data;
    },
    async dispose() {
      for (const session of sessions.values()) await session.release();
    },
  };
}
