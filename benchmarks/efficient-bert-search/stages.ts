import { join } from 'node:path';
import {
  type BatchSource,
  type DistilledParts,
  exampleBatches,
  SharedSupernet,
  sharedScore,
  stepsOf,
  subNetworkSampler,
  textBatches,
  trainedScore,
} from '../../methods/efficient-bert/distillation/index.ts';
import {
  type ArchitectureRow,
  bestCandidates,
  type CandidateScorer,
  copyFromSupernet,
  EfficientBert,
  firstStageRows,
  isFinished,
  paperWindow,
  runSearch,
  SEARCH_SETTINGS,
  type SearchProblem,
  type SearchState,
  type StageName,
  secondStageRows,
  supernetOf,
  thirdStageRows,
} from '../../methods/efficient-bert/index.ts';
import { Interrupted } from '../../src/experiment/experiment.ts';
import { RandomStreams } from '../../src/random/index.ts';
import type { Training } from '../efficient-bert-distillation-training/fine-tuned.ts';
import { distilOnTask, distilOnTexts } from '../efficient-bert-distillation-training/phase.ts';
import type { TrainingLength } from '../efficient-bert-distillation-training/recipe.ts';
import type { StudentShape } from '../efficient-bert-distillation-training/student.ts';
import type { TaskData } from '../efficient-bert-distillation-training/task-data.ts';
import {
  headOf,
  makeJudge,
  type TaskHead,
  taskModelOf,
} from '../efficient-bert-distillation-training/task-head.ts';
import { CandidateClock, type CandidateTimes } from './candidate-clock.ts';
import { CandidateJudges } from './candidate-judges.ts';
import type { SearchConfig } from './config.ts';
import { heldBack } from './held-back.ts';

/** What all stages of one search have. */
export interface Search {
  readonly config: SearchConfig;
  readonly shape: StudentShape;
  readonly teacher: TaskHead;
  readonly supernet: EfficientBert;
  readonly data: TaskData;
  readonly training: Training;
  readonly onTimes: (times: CandidateTimes) => void;
}

/** A stage that came to its end. */
export interface StageResult {
  readonly state: SearchState;
  readonly winner: ArchitectureRow;
}

const JUDGED = 3;

/** Runs a stage, or goes on with it. @throws Interrupted after saving */
export async function searchStage(
  name: StageName | 'random',
  search: Search,
  rows: readonly ArchitectureRow[],
): Promise<StageResult> {
  const stage = name === 'random' ? 'stage-1' : name;
  const problem = problemOf(name, search, rows);
  const { training } = search;
  const folder = join(training.folder, name);
  const score = stage === 'stage-3' ? await sharedScorer(search, problem) : trainedScorer(search);
  const label = `${training.label}: ${name === 'random' ? 'random search' : name}`;
  let announced = problem.settings.totalCandidates;
  try {
    const state = await runSearch({
      problem,
      folder,
      score: score.score,
      identity: training.identity,
      onContinue: (scored) => {
        announced -= scored;
      },
      onCandidate: ({ candidate, scored, total, best, secondsLeft }) => {
        training.progress.expect(announced > 0 ? announced : 0);
        announced = 0;
        const minutesLeft = secondsLeft / 60;
        training.progress.advance({
          label,
          step: scored,
          steps: total,
          values: { score: candidate.score, best: best.score, minutesLeft },
        });
        if (candidate.failure) training.progress.note(`${label}, candidate ${scored}: ${candidate.failure}`);
      },
      signal: training.signal,
    });
    if (!isFinished(state)) throw new Interrupted();
    const [best] = bestCandidates(state, 1);
    return { state, winner: best?.expressions ?? (rows[0] as ArchitectureRow) };
  } finally {
    score.dispose();
  }
}

/** The rows that a stage starts from. */
export function rowsOf(stage: StageName, layers: number, winner: ArchitectureRow): ArchitectureRow[] {
  if (stage === 'stage-1') return firstStageRows(layers);
  return stage === 'stage-2' ? secondStageRows(winner) : thirdStageRows(winner);
}

function problemOf(
  name: StageName | 'random',
  { config, shape, training }: Search,
  rows: readonly ArchitectureRow[],
): SearchProblem {
  const { candidates } = config;
  const total =
    name === 'random'
      ? candidates['stage-1'] + candidates['stage-2'] + candidates['stage-3']
      : candidates[name];
  // A search whose partition is never learned is a random one.
  const initialCandidates = name === 'random' ? total : Math.max(1, Math.round(config.initialShare * total));
  return {
    stage: name === 'random' ? 'stage-1' : name,
    mode: config.faithful ? 'faithful' : 'mended',
    seed: name === 'random' ? training.seed + RANDOM_SEED : training.seed,
    shape: shape.shape,
    rows,
    settings: {
      ...SEARCH_SETTINGS,
      window: paperWindow(shape.shape, shape.layers),
      initialCandidates,
      interval: config.interval,
      totalCandidates: total,
    },
  };
}

/** So that random search draws others than the first stage. */
const RANDOM_SEED = 1_000_000;

interface OwnedScorer {
  readonly score: CandidateScorer;
  dispose(): void;
}

function trainedScorer({ config, shape, teacher, supernet, data, training, onTimes }: Search): OwnedScorer {
  const { texts, task } = config.candidate;
  const { seed, signal, progress, label } = training;
  const { text, tokenizer, length } = data;
  const layout = config.faithful ? ('random pairs' as const) : ('running' as const);
  const onTexts = textBatches({ text, tokenizer, batchSize: texts.batchSize, length, seed, layout });
  const { targetType } = taskModelOf(teacher);
  const onTask = exampleBatches({ examples: data.front, batchSize: task.batchSize, seed, targetType });
  const phaseOf = (batches: BatchSource, length: TrainingLength, losses: DistilledParts) => ({
    teacher,
    losses,
    batches,
    steps: stepsOf(batches, length.epochs),
    peakLearningRate: length.learningRate,
  });
  const judges = new CandidateJudges(data, task.batchSize);
  let clock = new CandidateClock();
  const train = trainedScore({
    shape: { ...shape.shape, ...shape.rest },
    supernet,
    head: (encoder, streams) => headOf(data.task, encoder, streams),
    phases: [phaseOf(onTexts, texts, 'hidden'), phaseOf(onTask, task, 'hidden and predictions')],
    evaluate: async (student) => {
      const evaluation = await judges.of(student as TaskHead).judge(data.held, signal);
      clock.restart();
      return evaluation;
    },
    evaluations: JUDGED,
    mode: config.faithful ? 'faithful' : 'mended',
    seed,
    onMetrics: (phase) => {
      clock.tick(phase);
      progress.advance({ label: `${label}: candidate` }, 0);
    },
    signal,
  });
  const score: CandidateScorer = async (candidate) => {
    clock = new CandidateClock();
    const result = await train(candidate);
    judges.dispose();
    onTimes(clock.times());
    return result;
  };
  return { score, dispose: () => judges.dispose() };
}

/** Trains the shared weights, a sub-network in each step, and judges with them. */
async function sharedScorer(search: Search, problem: SearchProblem): Promise<OwnedScorer> {
  const { config, shape, teacher, training } = search;
  const { shared, faithful } = config;
  const data = heldBack(search.data, config.sharedHeldShare);
  const streams = new RandomStreams(training.seed);
  const architecture = supernetOf({ ...shape.shape, expressions: shape.expressions });
  const copy = new EfficientBert({ ...architecture, ...shape.rest }, streams, 'zero');
  await copyFromSupernet(search.supernet, copy);
  const encoder = new SharedSupernet(copy, problem.rows[0] as ArchitectureRow, streams);
  const model = headOf(data.task, encoder, streams);
  const judge = makeJudge(model, data.task, shared.task.batchSize);
  const dispose = () => {
    judge.dispose();
    model.dispose();
  };
  try {
    const draw = subNetworkSampler(problem);
    const phase = {
      teacher,
      data,
      streams,
      faithful,
      searching: true,
      beforeStep: (step: number) => encoder.choose(draw(step)),
    };
    const label = `${training.label}: shared weights`;
    const folder = join(training.folder, 'shared');
    const texts = { ...phase, length: shared.texts, folder: join(folder, 'texts') };
    const onTexts = await distilOnTexts(encoder, texts, { ...training, label: `${label} on texts` });
    const onTask =
      onTexts.failure === undefined
        ? await distilOnTask(
            model,
            {
              ...phase,
              length: shared.task,
              folder: join(folder, 'task'),
              examples: data.front,
              judgedBy: data.held,
              evaluations: 1,
              keep: 'last',
            },
            { ...training, label },
          )
        : onTexts;
    const { failure } = onTask;
    const scorer = sharedScore(encoder, () => judge.judge(data.held, training.signal));
    return { score: failure ? async () => ({ failure: failure.what }) : scorer, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}
