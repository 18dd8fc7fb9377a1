import { lastLines, runProcess } from './run-process.ts';

export interface SmokeReport {
  /** What the loaded library calls itself, e.g. 2.21.0. */
  readonly tensorflowVersion: string;
  /** Paths of the TensorFlow libraries in the process; empty where the system does not tell (only Linux does). */
  readonly libraries: readonly string[];
  /** The addon with our kernels, if one was named and loaded beside it; else why it did not load. */
  readonly kernels?: string;
  readonly kernelsError?: string;
}

export type SmokeOutcome =
  | { readonly ok: true; readonly report: SmokeReport }
  | { readonly ok: false; readonly reason: string };

const MARK = 'tfjs-methods-smoke-test:';

/**
 * Run by `node --eval`, so that it needs neither a build nor a TypeScript loader. Arguments: tfjs-node's folder and the
 * kernels addon or ''. The first two lines give back what tfjs-node uses of `node:util` and Node 23 removed.
 */
const SCRIPT = `
const util = require('node:util');
util.isNullOrUndefined ??= (value) => value === null || value === undefined;
util.isArray ??= Array.isArray;
const fs = require('node:fs');
const [directory, kernels] = process.argv.slice(1);
const tf = require(directory);
const report = {};
if (kernels !== '') {
  try { require(kernels); report.kernels = kernels; } catch (error) { report.kernelsError = String(error.message); }
}
(async () => {
  if (tf.getBackend() !== 'tensorflow') throw new Error('backend is ' + tf.getBackend());
  const a = tf.tensor2d([1, 2, 3, 4], [2, 2]);
  const product = Array.from(await tf.matMul(a, a).data());
  if (product.join() !== '7,10,15,22') throw new Error('matMul gave ' + product);
  report.tensorflowVersion = tf.backend().binding.TF_Version;
  const maps = process.platform === 'linux' ? fs.readFileSync('/proc/self/maps', 'utf8') : '';
  report.libraries = [...new Set(maps.match(/\\/[^\\n]*libtensorflow[^\\n\\/]*$/gm) ?? [])];
  process.stdout.write('${MARK}' + JSON.stringify(report) + '\\n');
})().catch((error) => { console.error(error); process.exitCode = 1; });
`;

/** Loads tfjs-node (and our kernels) in a process of its own, where a crash hurts nobody, and multiplies two matrices. */
export async function smokeTest(
  tfjsNode: string,
  kernelsAddon: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): Promise<SmokeOutcome> {
  const outcome = await runProcess(process.execPath, ['--eval', SCRIPT, tfjsNode, kernelsAddon ?? ''], {
    env: { TF_CPP_MIN_LOG_LEVEL: '2', ...env, NODE_OPTIONS: '' },
    timeoutMs: 120_000,
  });
  const line = outcome.stdout.split('\n').find((text) => text.startsWith(MARK));
  if (outcome.code === 0 && line !== undefined) {
    return { ok: true, report: JSON.parse(line.slice(MARK.length)) as SmokeReport };
  }
  if (outcome.signal === 'SIGILL' || outcome.signal === 'SIGABRT') {
    return {
      ok: false,
      reason: `this CPU may lack instructions that TensorFlow needs (AVX): ${lastLines(outcome, 3)}`,
    };
  }
  return { ok: false, reason: firstErrorLine(outcome.stderr) ?? lastLines(outcome, 4) };
}

/** Node prints source lines and a stack around the message; only the message helps. */
function firstErrorLine(stderr: string): string | undefined {
  return stderr.split('\n').find((line) => /^(\w*Error|\[\w*Error)\b/.test(line));
}
