import type { PositionEncodingName } from '../../methods/cdape/index.ts';
import type { BackendRequest } from '../../src/backends/index.ts';
import { type CellContext, Interrupted } from '../../src/experiment/experiment.ts';
import { titleOf } from '../cdape-training/encodings.ts';
import { startOwn } from '../own-process.ts';
import type { AttentionCostConfig } from './config.ts';
import type { EvaluationQuestion } from './evaluation-worker.ts';
import { sizeOf } from './model.ts';
import type { EvaluationResult } from './result.ts';

/** One sequence of `length` tokens, in a process that has done nothing else. */
export async function evaluateLength(
  length: number,
  encoding: PositionEncodingName,
  { config, backend, progress, signal }: CellContext<AttentionCostConfig>,
): Promise<EvaluationResult> {
  const { hiddenWidth, kernelSize, queryBlock, comparedLength } = config;
  if (signal.aborted) throw new Interrupted();
  progress.expect(1);
  progress.advance({ label: `T ${length}: evaluating with ${titleOf(encoding)}` });
  const process = startOwn(encoding, './evaluation-worker', import.meta.url);
  const stop = () => void process.close();
  signal.addEventListener('abort', stop, { once: true });
  try {
    const question: EvaluationQuestion = {
      encoding,
      size: sizeOf(config, length),
      hiddenWidth,
      kernelSize,
      queryBlock,
      backend: backend.name as BackendRequest,
    };
    const { version, seconds, kilobytes } = await process.ask('evaluate', { ...question });
    const compared = length <= comparedLength ? await process.ask('compare') : undefined;
    return {
      length,
      evaluated: encoding,
      version: version as string,
      seconds: seconds as number,
      peakBytes: 1024 * (kilobytes as number),
      difference: compared === undefined ? null : (compared.difference as number),
    };
  } catch (error) {
    throw signal.aborted ? new Interrupted() : error;
  } finally {
    signal.removeEventListener('abort', stop);
    await process.close();
  }
}
