import { join, resolve } from 'node:path';
import { type ArchitectureRow, journalCsv } from '../../methods/efficient-bert/index.ts';
import { saveModel } from '../../src/bert/index.ts';
import type { CellContext } from '../../src/experiment/experiment.ts';
import { writeFileOfRun } from '../../src/experiment/files-of-run.ts';
import { countParameters, type ParameterOwner } from '../../src/nn/index.ts';
import { RandomStreams } from '../../src/random/index.ts';
import {
  fineTuned,
  type Trained,
  type Training,
} from '../efficient-bert-distillation-training/fine-tuned.ts';
import { identityOf } from '../efficient-bert-distillation-training/identity.ts';
import { buildStudent, studentShape } from '../efficient-bert-distillation-training/student.ts';
import { pretrainSupernet } from '../efficient-bert-distillation-training/supernet.ts';
import type { TaskData } from '../efficient-bert-distillation-training/task-data.ts';
import { headOf } from '../efficient-bert-distillation-training/task-head.ts';
import { openTeacher } from '../efficient-bert-distillation-training/teacher.ts';
import { warmUp } from '../efficient-bert-distillation-training/warm-up.ts';
import type { CandidateTimes } from './candidate-clock.ts';
import { type Scored, type SearchCell, type SearchResult, STAGES, type StageJournal } from './cells.ts';
import type { SearchConfig } from './config.ts';
import { rowsOf, type Search, type StageResult, searchStage } from './stages.ts';

interface Shared {
  readonly data: TaskData;
  readonly teacherFolder: string | undefined;
}

/** The whole pipeline of one seed; each part keeps what it needs to go on in a folder of its own. */
export async function runCell(
  { seed }: SearchCell,
  folder: string,
  { data, teacherFolder }: Shared,
  context: CellContext<SearchConfig>,
): Promise<SearchResult> {
  const { config, progress, signal } = context;
  const training: Training = {
    folder,
    seed,
    label: `seed ${seed}`,
    identity: identityOf(seed, context),
    progress,
    signal,
  };
  const within = (part: string): Training => ({
    ...training,
    folder: join(folder, part),
    label: `${training.label}: ${part}`,
  });
  const times = { seconds: 0, recordingSeconds: 0 };
  const owned: { dispose(): void }[] = [];
  try {
    const { model: teacher, ...ofTeacher } = await openTeacher(config, teacherFolder, data, training);
    owned.push(teacher);
    progress.note(`${training.label}: the teacher has ${ofTeacher.score.toFixed(4)} on the dev set`);
    const shape = studentShape(config, teacher.base.sizes, data.tokenizer);
    const pretraining = { shape, teacher, data, length: config.pretraining, faithful: config.faithful };
    const { model: supernet, seconds: pretrainingSeconds } = await pretrainSupernet(pretraining, training);
    owned.push(supernet);
    const onTimes = (taken: CandidateTimes) => {
      times.seconds += taken.seconds;
      times.recordingSeconds += taken.recordingSeconds;
    };
    const search: Search = { config, shape, teacher, supernet, data, training, onTimes };
    const stages: StageJournal[] = [];
    const states: StageResult[] = [];
    let winner: ArchitectureRow = shape.expressions;
    for (const stage of STAGES) {
      const result = await searchStage(stage, search, rowsOf(stage, shape.layers, winner));
      winner = result.winner;
      states.push(result);
      stages.push(journalOf(stage, result));
    }
    const random = config.random
      ? journalOf('random', await searchStage('random', search, rowsOf('stage-1', shape.layers, winner)))
      : null;
    const { texts, task } = config.finalStudent;
    const warmed = async (part: string, expressions: ArchitectureRow) => {
      const given = { shape, teacher, supernet, data, texts, task, faithful: config.faithful };
      const trained = await warmUp({ ...given, expressions }, within(part));
      owned.push(trained.model);
      return trained;
    };
    const student = await warmed('student', winner);
    const randomStudent = random && (await warmed('random student', random.winner));
    const streams = new RandomStreams(seed);
    const plain = headOf(data.task, buildStudent(shape, winner, streams), streams);
    owned.push(plain);
    const scratch = await fineTuned(plain, data, config.scratch, { ...within('from scratch'), streams });
    const saved = config.saveTo === '' ? null : resolve(config.saveTo, `seed${seed}`);
    if (saved !== null) {
      await saveModel(join(saved, 'model'), student.model, data.tokenizer);
      for (const [i, { state }] of states.entries())
        await writeFileOfRun(join(saved, `${STAGES[i]}.csv`), journalCsv(state));
    }
    return {
      teacher: scored({ ...ofTeacher, failure: null }, teacher),
      stages,
      random,
      found: winner,
      recordingShare: times.seconds > 0 ? times.recordingSeconds / times.seconds : null,
      student: scored(student, student.model),
      scratch: scored(scratch, plain),
      randomStudent: randomStudent && scored(randomStudent, randomStudent.model),
      pretrainingSeconds,
      saved,
    };
  } finally {
    for (const model of owned) model.dispose();
  }
}

function scored({ score, seconds, failure }: Trained, model: ParameterOwner): Scored {
  return { score, seconds, failure, parameters: countParameters(model) };
}

function journalOf(name: StageJournal['name'], { state, winner }: StageResult): StageJournal {
  const entries = state.scored.map(({ index, key: _, ...rest }) => ({ candidate: index, ...rest }));
  return { name, entries, winner };
}
