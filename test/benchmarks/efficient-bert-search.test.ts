import { describe, expect, it } from 'vitest';
import {
  type DistillationResult,
  distillationCells,
} from '../../benchmarks/efficient-bert-distillation/cells.ts';
import {
  check as checkDistillation,
  presets as distillationPresets,
  minilmPresets,
} from '../../benchmarks/efficient-bert-distillation/config.ts';
import { outcome as distillationOutcome } from '../../benchmarks/efficient-bert-distillation/outcome.ts';
import { planNotes as distillationNotes } from '../../benchmarks/efficient-bert-distillation/plan-notes.ts';
import { startCells as startDistillation } from '../../benchmarks/efficient-bert-distillation/start-cells.ts';
import { chosenWays } from '../../benchmarks/efficient-bert-distillation/ways.ts';
import { loadTaskData } from '../../benchmarks/efficient-bert-distillation-training/task-data.ts';
import { type SearchResult, STAGES, searchCells } from '../../benchmarks/efficient-bert-search/cells.ts';
import { check, presets, type SearchConfig } from '../../benchmarks/efficient-bert-search/config.ts';
import { heldBack } from '../../benchmarks/efficient-bert-search/held-back.ts';
import { outcome } from '../../benchmarks/efficient-bert-search/outcome.ts';
import { planNotes } from '../../benchmarks/efficient-bert-search/plan-notes.ts';
import { startCells } from '../../benchmarks/efficient-bert-search/start-cells.ts';
import { useBackend } from '../../src/backends/index.ts';
import { temporaryFolders } from '../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();
const progress = { note() {}, warn() {}, expect() {}, advance() {}, finish() {} };
const shared = { preset: 'smoke', seeds: [0], data: undefined, peers: undefined } as const;
const cellContext = async () => ({
  ...shared,
  backend: await useBackend('js'),
  progress,
  signal: new AbortController().signal,
});

const brief = { epochs: 0.3, learningRate: 1e-2, batchSize: 16 };
/** The smoke preset, briefer still: this runs on plain JavaScript. */
const config: SearchConfig = {
  ...presets.smoke,
  length: 12,
  teacherEpochs: 1,
  pretraining: brief,
  candidate: { texts: brief, task: brief },
  shared: { texts: brief, task: brief },
  finalStudent: { texts: brief, task: brief },
  scratch: brief,
  candidates: { 'stage-1': 2, 'stage-2': 1, 'stage-3': 2 },
};

describe('efficient-bert-search', { timeout: 300_000 }, () => {
  let result: SearchResult;

  it('goes from teacher to found student, and keeps every part that is done', async () => {
    const context = { ...(await cellContext()), config };
    const runner = await startCells(context);
    const [cell] = searchCells([0]);
    const folder = temporaryFolder();
    result = await runner.run(cell as typeof cell & object, folder);
    expect(result.stages.map(({ name, entries }) => [name, entries.length])).toEqual([
      ['stage-1', 2],
      ['stage-2', 1],
      ['stage-3', 2],
    ]);
    expect(result.random?.entries).toHaveLength(5);
    expect(result.found).toEqual(result.stages[2]?.winner);
    expect(result.teacher.parameters / result.student.parameters).toBeGreaterThan(1);
    expect(result.scratch.parameters).toBe(result.student.parameters);
    // Everything is on the disk: nothing is trained again.
    const seconds = (one: SearchResult) =>
      one.stages.map(({ entries }) => entries.map((entry) => entry.seconds));
    const again = await runner.run(cell as typeof cell & object, folder);
    expect(seconds(again)).toEqual(seconds(result));
    expect(again.student.score).toBe(result.student.score);
    await runner.dispose();
  });

  it('holds back another share of the training set in the third stage', async () => {
    const data = await loadTaskData(config, undefined, undefined);
    expect(heldBack(data, config.heldShare)).toMatchObject({
      front: { size: data.front.size },
      held: { examples: { size: data.held.examples.size }, labels: data.held.labels },
    });
    const { front, held } = heldBack(data, 0.5);
    expect([front.size, held.examples.size]).toEqual([128, 128]);
    expect(held.labels.slice(-data.held.labels.length)).toEqual(data.held.labels);
    expect(held.examples.at(0)).toEqual(data.train.at(128));
    expect(front.at(127)).toEqual(data.train.at(127));
  });

  it('shows stages, models and layers, and tests no claim on rows made here', () => {
    const found = outcome({ config, seeds: [0] }, new Map([['seed0', result]]));
    expect(found.verdict).toBe('not tested');
    expect(found.tables.map(({ rows }) => rows.length)).toEqual([4, 2, 4]);
    expect(found.rows).toHaveLength(10);
    expect(found.charts).toHaveLength(1);
    for (const [name, value] of Object.entries(found.metrics))
      expect(Number.isFinite(value), name).toBe(true);
  });

  it.each([
    [0.95, 3, 'met'],
    [0.94, 3, 'not met'],
    [0.99, 2.9, 'not met'],
  ])('holds a student with %f of the score, %f times smaller: %s', (share, smaller, verdict) => {
    const scored = (score: number, parameters: number) => ({ ...result.teacher, score, parameters });
    const judged: SearchResult = {
      ...result,
      teacher: scored(0.8, 3000),
      student: scored(0.8 * share + 1e-9, 3000 / smaller),
    };
    const found = outcome({ config: presets.laptop, seeds: [0] }, new Map([['seed0', judged]]));
    expect(found.verdict).toBe(verdict);
  });

  it('says the published numbers for the paper’s preset', () => {
    for (const config of Object.values(presets)) check(config);
    const notes = planNotes(presets.paper).join('\n');
    for (const text of ['80 before the first fit', '10 between fits', '1 to 4', '1, 1/2, 1/3, 1/4'])
      expect(notes).toContain(text);
    for (const text of [
      '10 epochs at rate 0.0001 in batches of 256',
      '0.3 epochs at rate 0.0004 in batches of 128',
    ])
      expect(notes).toContain(text);
    expect(notes).toContain('1 % of the training set judge candidates, 10 % in stage 3');
    expect(STAGES).toHaveLength(3);
  });
});

describe('efficient-bert-distillation', { timeout: 300_000 }, () => {
  it('trains the same student by every way and budget', async () => {
    const budgets = {
      ...distillationPresets.smoke,
      length: 12,
      teacherEpochs: 1,
      pretraining: brief,
      texts: brief,
      epochs: [0.1, 0.3],
    };
    const context = { ...(await cellContext()), config: budgets };
    const runner = await startDistillation(context);
    const [cell] = distillationCells([0]);
    const result: DistillationResult = await runner.run(cell as typeof cell & object, temporaryFolder());
    await runner.dispose();
    expect(result.students.map(({ way, epochs }) => `${way} ${epochs}`)).toEqual(
      chosenWays([]).flatMap((way) => [`${way} 0.1`, `${way} 0.3`]),
    );
    // Searched and plain networks have as many parameters.
    expect(new Set(result.students.map(({ parameters }) => parameters)).size).toBe(1);
    const found = distillationOutcome({ config: budgets, seeds: [0] }, new Map([['seed0', result]]));
    expect(found.verdict).toBe('not tested');
    expect(found.tables.map(({ rows }) => rows.length)).toEqual([5, 8]);
    for (const [name, value] of Object.entries(found.metrics))
      expect(Number.isFinite(value), name).toBe(true);
  });

  it('says the published numbers for the paper’s preset', () => {
    for (const config of [...Object.values(distillationPresets), ...Object.values(minilmPresets)])
      checkDistillation(config);
    const notes = distillationNotes(distillationPresets.paper).join('\n');
    expect(notes).toContain('Student on the task: 10 epochs at rate 0.00005 in batches of 32');
    expect(notes).toContain('Supernet: 10 epochs of texts at rate 0.0001 in batches of 256');
  });
});
