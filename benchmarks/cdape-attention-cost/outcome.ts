import { availableParallelism } from 'node:os';
import { type Chart, type CurvePoint, curveChart } from '../../src/experiment/chart.ts';
import type { Outcome, OutcomeContext } from '../../src/experiment/experiment.ts';
import { restoreComparison } from '../../src/experiment/stored-comparison.ts';
import type { Table } from '../../src/experiment/table.ts';
import type { Timing } from '../../src/experiment/timer.ts';
import { judge } from '../bar.ts';
import { encodingTitles, titleOf } from '../cdape-training/encodings.ts';
import { sampleRow } from '../sample-row.ts';
import type { AttentionCostConfig } from './config.ts';
import { peerEncodings, peerName } from './contestant-names.ts';
import { evaluationBars, evaluationMetrics, evaluationTable } from './evaluation-outcome.ts';
import { mapBytes, multiplyAdds, stepOperations } from './operations.ts';
import type { CostResult, EvaluationResult, LengthResult, MeasuredContestant } from './result.ts';

const mebibyte = 2 ** 20;

/** Every cell is there, in their order. */
export function outcome(
  { config, preset }: Pick<OutcomeContext<AttentionCostConfig>, 'config' | 'preset'>,
  all: readonly CostResult[],
): Outcome {
  const results = all.filter((result): result is LengthResult => 'comparison' in result);
  const evaluations = all.filter((result): result is EvaluationResult => 'evaluated' in result);
  const metrics = evaluationMetrics(evaluations);
  for (const result of results) Object.assign(metrics, metricsOf(result));
  const key = `T${config.claimLength}.cdape-kerple`;
  const bars = [
    { metric: `${key}.overOfficial`, atMost: config.overOfficial },
    { metric: `${key}.overKerple`, atMost: config.overKerple },
    { metric: `${key}.memoryOverKerple`, atMost: config.memoryOverKerple },
    ...evaluationBars(config),
  ];
  const busy = results.filter(({ comparison }) => !comparison.valid).map(({ length }) => `T ${length}`);
  const invalid =
    busy.length === 0
      ? undefined
      : `The machine was busy while ${busy.join(' and ')} was measured: in too many rounds other processes used more than ` +
        `${100 * config.othersLimit} % of the cores. The times are not valid; run again when it is idle.`;
  const absences = new Map(results.flatMap((result) => Object.entries(result.absences)));
  return {
    ...judge(bars, metrics, preset === 'smoke' ? 'The smoke preset is too small to tell.' : invalid),
    metrics,
    tables: [
      ...results.map((result) => costTable(result, config)),
      ...(evaluations.length > 0 ? [evaluationTable(evaluations, config)] : []),
    ],
    charts: results.length > 1 ? [costChart(results, 'ms'), costChart(results, 'MiB')] : [],
    rows: results.flatMap(({ length, comparison }) =>
      restoreComparison(comparison).samples.map((sample) => ({ length, ...sampleRow(sample) })),
    ),
    warnings: [...absences].map(([name, reason]) => `${name} was not measured: ${reason}`),
  };
}

function timingOf({ comparison }: LengthResult, name: string): Timing | undefined {
  return comparison.timings[name];
}

function metricsOf(result: LengthResult): Record<string, number> {
  const { length, contestants, lossDifferences } = result;
  const found: Record<string, number> = {};
  const peak = (name: string) => contestants.find((one) => one.name === name)?.peakBytes;
  const put = (key: string, above: number | undefined, below: number | undefined) => {
    if (above !== undefined && below !== undefined) found[`T${length}.${key}`] = above / below;
  };
  for (const { name, peakBytes, threads } of contestants) {
    const { median, minimum, mad } = timingOf(result, name) as Timing;
    const key = `T${length}.${name}`;
    Object.assign(found, {
      [`${key}.ms`]: median,
      [`${key}.minimumMs`]: minimum,
      [`${key}.madMs`]: mad,
      [`${key}.peakBytes`]: peakBytes,
      [`${key}.threads`]: threads,
    });
    put(`${name}.overPlain`, median, timingOf(result, 'none')?.median);
  }
  for (const encoding of peerEncodings) {
    const own = timingOf(result, encoding)?.median;
    put(`${encoding}.overOfficial`, own, timingOf(result, peerName(encoding))?.median);
    put(`${encoding}.memoryOverOfficial`, peak(encoding), peak(peerName(encoding)));
  }
  for (const encoding of ['dape-kerple', 'cdape-kerple']) {
    put(`${encoding}.overKerple`, timingOf(result, encoding)?.median, timingOf(result, 'kerple')?.median);
    put(`${encoding}.memoryOverKerple`, peak(encoding), peak('kerple'));
  }
  for (const [name, difference] of Object.entries(lossDifferences))
    found[`T${length}.lossDifference.${name}`] = difference;
  return found;
}

function titleOfContestant(name: string): string {
  if (name === 'none') return 'plain attention';
  const official = peerEncodings.find((encoding) => peerName(encoding) === name);
  if (official !== undefined) return `${titleOf(official)}, authors’ rule in PyTorch`;
  return encodingTitles[name as keyof typeof encodingTitles];
}

function costTable(result: LengthResult, config: AttentionCostConfig): Table {
  const { length, contestants } = result;
  const plain = timingOf(result, 'none')?.median;
  const row = ({ name, peakBytes, version, form, threads }: MeasuredContestant) => {
    const { median, minimum, mad, count } = timingOf(result, name) as Timing;
    const encoding = peerEncodings.find((one) => peerName(one) === name) ?? name;
    const { attention, convolution } = multiplyAdds(encoding, config);
    return [
      titleOfContestant(name),
      median,
      minimum,
      mad,
      count,
      plain === undefined ? null : median / plain,
      peakBytes / mebibyte,
      stepOperations(convolution, length, config) / 1e9,
      convolution / attention,
      `${version}; ${form}; ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    ];
  };
  const { width, layers, heads, batchSize, hiddenWidth, kernelSize } = config;
  const bytes = mapBytes('cdape-kerple', length, config);
  const [scores, input, hidden] = [bytes.scores, bytes.input, bytes.hidden].map((each) =>
    ((layers * batchSize * each) / mebibyte).toPrecision(3),
  );
  return {
    title: `One training step at T ${length}`,
    columns: [
      { title: 'contestant' },
      { title: 'median ms', digits: 1 },
      { title: 'minimum', digits: 1 },
      { title: '± MAD', digits: 1 },
      { title: 'steps', digits: 0 },
      { title: '÷ plain', digits: 2 },
      { title: 'peak MiB', digits: 0 },
      { title: 'GFLOP of f', digits: 2 },
      { title: 'f ÷ attention', digits: 2 },
      { title: 'what' },
    ],
    rows: contestants.map(row),
    note:
      `D ${width}, L ${layers}, H ${heads}, B ${batchSize}, w ${hiddenWidth}, k ${kernelSize}; forward, backward and AdamW in float32, loss ` +
      `read back; ${availableParallelism()} cores. Peak: the most that the process ever held, recording included. GFLOP of f: of the whole ` +
      'square, forward and backward; ours computes the causal half. f ÷ attention: multiply-adds against those of scores and values. In ' +
      `all layers CDAPE-Kerple’s scores are ${scores} MiB, inputs of f ${input} and hidden maps ${hidden}; ours never hold the last.`,
  };
}

function costChart(results: readonly LengthResult[], unit: 'ms' | 'MiB'): Chart {
  const value = (result: LengthResult, { name, peakBytes }: MeasuredContestant) =>
    unit === 'ms' ? (timingOf(result, name) as Timing).median : peakBytes / mebibyte;
  const points = results.flatMap((result) =>
    result.contestants.map((contestant): CurvePoint => {
      const mean = value(result, contestant);
      const y = { mean, low: Number.NaN, high: Number.NaN, n: 1 };
      return { contestant: titleOfContestant(contestant.name), x: result.length, y };
    }),
  );
  const what = unit === 'ms' ? 'Time of a training step' : 'Memory of a training step';
  return curveChart(
    {
      name: unit === 'ms' ? 'time' : 'memory',
      title: `${what} against length`,
      description:
        unit === 'ms'
          ? 'Median milliseconds of one captured training step, both axes logarithmic. Lower is better.'
          : 'The most that the process of each contestant ever held, both axes logarithmic. Lower is better.',
    },
    { x: 'T', y: unit, logarithmic: true, logarithmicY: true, tickFormat: 'd', points: true },
    points,
  );
}
