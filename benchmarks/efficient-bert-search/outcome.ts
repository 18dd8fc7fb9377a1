import { type Chart, curveChart } from '../../src/experiment/chart.ts';
import type { CellsPlan, Outcome } from '../../src/experiment/experiment.ts';
import { meanInterval } from '../../src/experiment/statistics.ts';
import type { Table } from '../../src/experiment/table.ts';
import { judge } from '../bar.ts';
import { spread } from '../came-training/metrics.ts';
import { GENERATED } from '../efficient-bert-glue/config.ts';
import { type SearchCell, type SearchResult, type StageJournal, searchCells } from './cells.ts';
import type { SearchConfig } from './config.ts';

/** Every cell is there. */
export function outcome(
  { config, seeds }: CellsPlan<SearchConfig>,
  results: ReadonlyMap<string, SearchResult>,
): Outcome {
  const cells = searchCells(seeds);
  const own = cells.map(({ id }) => results.get(id) as SearchResult);
  const metrics = metricsOf(own);
  return {
    ...verdictOf(config, metrics),
    metrics,
    tables: [modelsTable(config, cells, own), foundTable(cells, own), stagesTable(cells, own)],
    charts: [searchChart(config, own)],
    rows: cells.flatMap(({ seed }, i) => rowsOf(seed, own[i] as SearchResult)),
    warnings: warningsOf(config, own),
  };
}

function verdictOf(config: SearchConfig, metrics: Readonly<Record<string, number>>) {
  const untested =
    config.dataDir === GENERATED
      ? 'The rows were made here, for a try.'
      : config.task === 'sst-2'
        ? undefined
        : 'The claim is about sst-2.';
  return judge(
    [
      { metric: 'timesSmaller.worst', atLeast: config.timesSmaller },
      { metric: 'shareKept.worst', atLeast: config.shareKept },
    ],
    metrics,
    untested,
  );
}

function metricsOf(results: readonly SearchResult[]): Record<string, number> {
  const over = (of: (result: SearchResult) => number) => results.map(of);
  const smaller = over(({ teacher, student }) => teacher.parameters / student.parameters);
  const kept = over(({ teacher, student }) => student.score / teacher.score);
  const searched = results.flatMap(({ stages }) => stages);
  const trained = searched.filter(({ name }) => name !== 'stage-3').flatMap(({ entries }) => entries);
  const recording = results.flatMap(({ recordingShare }) => recordingShare ?? []);
  const random = results.flatMap((result) => result.random ?? []);
  const mean = (name: string, values: readonly number[]) =>
    values.length > 0 ? spread(name, meanInterval(values)) : {};
  return {
    'timesSmaller.worst': Math.min(...smaller),
    'shareKept.worst': Math.min(...kept),
    ...mean(
      'teacher',
      over(({ teacher }) => teacher.score),
    ),
    ...mean(
      'student',
      over(({ student }) => student.score),
    ),
    ...mean(
      'scratch',
      over(({ scratch }) => scratch.score),
    ),
    ...mean(
      'randomStudent',
      results.flatMap(({ randomStudent }) => randomStudent?.score ?? []),
    ),
    ...mean(
      'best.stage-2',
      results.flatMap(({ stages }) => stages.slice(1, 2).map(bestOf)),
    ),
    ...mean('best.random', random.map(bestOf)),
    failures: searched.flatMap(({ entries }) => entries).filter(({ failure }) => failure !== null).length,
    'trained.candidatesPerMinute':
      (60 * trained.length) / trained.reduce((sum, { seconds }) => sum + seconds, 0),
    ...(recording.length > 0 && { 'recording.share': Math.max(...recording) }),
  };
}

function bestOf({ entries }: StageJournal): number {
  return Math.max(...entries.map(({ score }) => score));
}

function modelsTable(
  { task }: SearchConfig,
  cells: readonly SearchCell[],
  results: readonly SearchResult[],
): Table {
  const rows = cells.flatMap(({ seed }, i) => {
    const { teacher, student, scratch, randomStudent } = results[i] as SearchResult;
    const models = [
      ['teacher', teacher],
      ['found, warm-up distillation', student],
      ['found, on labels alone', scratch],
      ...(randomStudent ? ([['best of random search, warm-up distillation', randomStudent]] as const) : []),
    ] as const;
    return models.map(([name, { score, parameters, seconds }]) => [
      name,
      seed,
      score,
      (100 * score) / teacher.score,
      parameters,
      teacher.parameters / parameters,
      seconds / 60,
    ]);
  });
  return {
    title: `Models on the dev set of ${task}`,
    columns: [
      { title: 'model' },
      { title: 'seed' },
      { title: 'score', digits: 4 },
      { title: '% of the teacher', digits: 1 },
      { title: 'parameters' },
      { title: 'times smaller', digits: 1 },
      { title: 'minutes', digits: 1 },
    ],
    rows,
    note: 'The best of the evaluations of each; parameters with head, and with the map to the teacher’s width.',
  };
}

function foundTable(cells: readonly SearchCell[], results: readonly SearchResult[]): Table {
  return {
    title: 'The found architecture, layer by layer',
    columns: [{ title: 'layer' }, ...cells.map(({ seed }) => ({ title: `seed ${seed}` }))],
    rows: (results[0]?.found ?? []).map((_, layer) => [
      layer + 1,
      ...results.map(({ found }) => found[layer] ?? null),
    ]),
    note: 'linearK_Q: K networks stacked, hidden width 1/Q of the full one.',
  };
}

function stagesTable(cells: readonly SearchCell[], results: readonly SearchResult[]): Table {
  const rows = cells.flatMap(({ seed }, i) => {
    const { stages, random } = results[i] as SearchResult;
    return [...stages, ...(random ? [random] : [])].map((stage) => {
      const { name, entries } = stage;
      const mean = (origins: readonly string[]) => {
        const scores = entries.filter(({ origin }) => origins.includes(origin)).map(({ score }) => score);
        return scores.length > 0 ? scores.reduce((sum, score) => sum + score, 0) / scores.length : null;
      };
      const minutes = entries.reduce((sum, { seconds }) => sum + seconds, 0) / 60;
      return [
        name,
        seed,
        entries.length,
        entries.filter(({ failure }) => failure !== null).length,
        bestOf(stage),
        mean(['start', 'random']),
        mean(['filtered', 'unfiltered']),
        minutes,
      ];
    });
  });
  return {
    title: 'Stages',
    columns: [
      { title: 'stage' },
      { title: 'seed' },
      { title: 'candidates' },
      { title: 'failed' },
      { title: 'best score', digits: 4 },
      { title: 'mean, drawn', digits: 4 },
      { title: 'mean, filtered', digits: 4 },
      { title: 'minutes', digits: 1 },
    ],
    rows,
    note:
      'Scores on the held end of the training set. Those of stage 3 are of shared weights, and no measure for the others. ' +
      'Drawn: before the partition was learned, or past it.',
  };
}

function searchChart({ task }: SearchConfig, results: readonly SearchResult[]): Chart {
  const series = new Map<string, Map<number, number[]>>();
  const add = (contestant: string, x: number, y: number) => {
    const points = series.get(contestant) ?? new Map<number, number[]>();
    series.set(contestant, points);
    points.set(x, [...(points.get(x) ?? []), y]);
  };
  for (const { stages, random } of results) {
    let before = 0;
    for (const { name, entries } of stages) {
      for (const [x, y] of bestSoFar(entries)) add(name, before + x, y);
      before += entries.length;
    }
    if (random) for (const [x, y] of bestSoFar(random.entries)) add('random search', x, y);
  }
  return curveChart(
    {
      name: 'best-score',
      title: `Best score against candidates tried, ${task}`,
      description:
        'The best score so far on what was held back, mean over seeds: the three stages one after the other, and random search. ' +
        'Stage 3 judges with shared weights, and so on a scale of its own.',
    },
    { x: 'candidates', y: 'score', points: false },
    [...series].flatMap(([contestant, points]) =>
      [...points].map(([x, values]) => ({ contestant, x, y: meanInterval(values) })),
    ),
  );
}

function* bestSoFar(entries: StageJournal['entries']): Generator<readonly [number, number]> {
  let best = 0;
  for (const [i, { score }] of entries.entries()) {
    best = Math.max(best, score);
    yield [i + 1, best];
  }
}

function rowsOf(seed: number, { stages, random }: SearchResult) {
  return [...stages, ...(random ? [random] : [])].flatMap(({ name, entries }) =>
    entries.map(({ candidate, origin, expressions, parameters, score, seconds, failure }) => ({
      seed,
      stage: name,
      candidate,
      origin,
      expressions: expressions.join(' '),
      parameters,
      score,
      seconds,
      failure: failure ?? '',
    })),
  );
}

function warningsOf({ dataDir }: SearchConfig, results: readonly SearchResult[]): string[] {
  const failed = results.flatMap(({ student }) => student.failure ?? []);
  return [
    ...(dataDir === GENERATED
      ? [
          'The rows were made here, for a try: they say nothing about GLUE. Name the folder with --set dataDir=…',
        ]
      : [
          'The best of the evaluations on the dev set is reported, as usual for GLUE: it is a little above what new texts would give.',
        ]),
    ...failed,
  ];
}
