import type { EncoderModel, StoredModel } from '../../../src/bert/index.ts';
import { UserError } from '../../../src/errors.ts';
import { RandomStreams } from '../../../src/random/index.ts';
import type { Evaluation } from '../../../src/tasks/index.ts';
import { EfficientBert } from '../efficient-bert.ts';
import type { EfficientBertConfig } from '../model-config.ts';
import type { Candidate } from '../search/search.ts';
import { copyFromSupernet } from '../supernet.ts';
import type { BatchSource } from './batches.ts';
import { distil } from './distil.ts';
import type { DistillationMetrics } from './distil-options.ts';
import { type Distillable, encoderOf } from './distillable.ts';
import { Distillation, type DistilledParts } from './distillation.ts';
import type { DistillationMode } from './modes.ts';
import { distillationOptimizer } from './optimizer.ts';
import type { SharedSupernet } from './shared-supernet.ts';

/** What scoring gives the search. Depends on the candidate alone. */
export type CandidateScore = (
  candidate: Pick<Candidate, 'expressions'>,
) => Promise<{ readonly score: number } | { readonly failure: string }>;

/** One phase of a candidate's training. */
export interface CandidatePhase {
  readonly teacher: Distillable;
  readonly losses: DistilledParts;
  readonly batches: BatchSource;
  readonly steps: number;
  readonly peakLearningRate: number;
}

export interface TrainedScoreOptions {
  /** Of every candidate, expressions aside. */
  readonly shape: Partial<Omit<EfficientBertConfig, 'expressions'>>;
  /** Whose weights every candidate begins with; remains its owner's. */
  readonly supernet: Pick<StoredModel, 'stored' | 'settings' | 'family' | 'architecture'>;
  /** Puts the task's head on a candidate; the result owns the encoder. */
  readonly head: (encoder: EncoderModel, streams: RandomStreams) => Exclude<Distillable, EncoderModel>;
  /** In order: on text, then on the task. */
  readonly phases: readonly CandidatePhase[];
  /** Of a candidate; `selection` counts. */
  readonly evaluate: (student: Exclude<Distillable, EncoderModel>) => Promise<Evaluation>;
  /** Evaluations in the last phase, the best of which is the score; the authors': one for each epoch. */
  readonly evaluations: number;
  readonly mode?: DistillationMode | undefined;
  /** Of heads, which are the same for all candidates, and of dropout. */
  readonly seed: number;
  readonly onMetrics?: ((phase: number, metrics: DistillationMetrics) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Scores candidates of the first and second stage by warm-up distillation: weights of the supernet, hidden-only distillation on
 * text, distillation on the task, and the best evaluation. One that diverges or cannot be built fails, with the reason.
 *
 * @throws the signal's reason where it is aborted
 */
export function trainedScore(options: TrainedScoreOptions): CandidateScore {
  return async ({ expressions }) => {
    const streams = new RandomStreams(options.seed);
    let encoder: EfficientBert;
    try {
      // Nothing is drawn for the layers, which get the supernet's weights: else heads would depend on a candidate's size.
      encoder = new EfficientBert({ ...options.shape, expressions }, streams, 'zero');
    } catch (error) {
      if (error instanceof UserError) return { failure: error.message };
      throw error;
    }
    const student = withHead(encoder, options, streams);
    try {
      await copyFromSupernet(options.supernet, encoder);
      let score: number | undefined;
      for (const [i, phase] of options.phases.entries()) {
        const last = i === options.phases.length - 1;
        const result = await runPhase(student, phase, { ...options, phase: i, last, streams });
        if (result.outcome === 'interrupted') throw options.signal?.reason;
        if (result.failure) return { failure: result.failure.what };
        score = result.best?.evaluation.selection;
      }
      if (score === undefined)
        throw new UserError('Candidates are scored by the last of their phases: there is none.');
      return { score };
    } finally {
      student.dispose();
    }
  };
}

/** @throws what making the head throws, without its encoder being left behind */
function withHead(
  encoder: EfficientBert,
  { head }: Pick<TrainedScoreOptions, 'head'>,
  streams: RandomStreams,
): Exclude<Distillable, EncoderModel> {
  try {
    return head(encoder, streams);
  } catch (error) {
    encoder.dispose();
    throw error;
  }
}

interface PhaseContext extends TrainedScoreOptions {
  readonly phase: number;
  readonly last: boolean;
  readonly streams: RandomStreams;
}

async function runPhase(
  student: Exclude<Distillable, EncoderModel>,
  { teacher, losses, batches, steps, peakLearningRate }: CandidatePhase,
  { mode, evaluations, evaluate, last, phase, streams, onMetrics, signal }: PhaseContext,
) {
  const learner = losses === 'hidden' ? encoderOf(student) : student;
  const distillation = new Distillation({ teacher, student: learner, losses, mode, searching: true });
  const optimizer = distillationOptimizer({ peakLearningRate, steps, mode });
  try {
    return await distil({
      distillation,
      batches,
      optimizer,
      streams,
      steps,
      ...(last && { evaluation: { every: Math.ceil(steps / evaluations), run: () => evaluate(student) } }),
      onMetrics: (metrics) => onMetrics?.(phase, metrics),
      signal,
    });
  } finally {
    optimizer.dispose();
  }
}

/**
 * Scores candidates of the third stage by evaluation alone, with the weights that they share.
 *
 * @param evaluate the model that stands on the supernet, compiled once for all candidates
 */
export function sharedScore(
  supernet: SharedSupernet,
  evaluate: () => Promise<Pick<Evaluation, 'selection'>>,
): CandidateScore {
  return async ({ expressions }) => {
    try {
      supernet.choose(expressions);
    } catch (error) {
      if (error instanceof UserError) return { failure: error.message };
      throw error;
    }
    const { selection } = await evaluate();
    return { score: selection };
  };
}
