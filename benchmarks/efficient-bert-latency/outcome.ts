import type { Chart } from '../../src/experiment/chart.ts';
import type { CellsPlan, Outcome, Verdict } from '../../src/experiment/experiment.ts';
import { restoreComparison } from '../../src/experiment/stored-comparison.ts';
import type { Table } from '../../src/experiment/table.ts';
import type { Timing } from '../../src/experiment/timer.ts';
import { sampleRow } from '../sample-row.ts';
import { timingChart } from '../timing-chart.ts';
import {
  BASELINE,
  contestantName,
  FORMS,
  type Form,
  type LatencyConfig,
  type LatencyResult,
  latencyCells,
  OURS,
} from './config.ts';

/** Of the paper's table: how many times fewer weights and how many times faster than BERT-base. */
const PAPER: Readonly<Record<string, { readonly fewer: number; readonly faster: number }>> = {
  'efficient-bert': { fewer: 6.9, faster: 4.4 },
};

/** The claim's shape. */
const CLAIMED = 'B1-L128';

/** Where another implementation computes the same states, they differ by rounding alone. */
const LARGEST_DIFFERENCE = 1e-3;

export function outcome(
  { config }: CellsPlan<LatencyConfig>,
  stored: ReadonlyMap<string, LatencyResult>,
): Outcome {
  const results = latencyCells(config).map(({ id }) => stored.get(id) as LatencyResult);
  const metrics: Record<string, number> = {};
  for (const result of results) Object.assign(metrics, metricsOf(result));
  return {
    ...judge(metrics, config, results),
    metrics,
    tables: [sizesTable(results), ...results.map(latencyTable)],
    charts: results.map(chartOf),
    rows: results.flatMap(({ cell, comparison }) =>
      restoreComparison(comparison).samples.map((sample) => ({ cell: cell.id, ...sampleRow(sample) })),
    ),
    warnings: warningsOf(results, config),
  };
}

function timingOf({ comparison }: LatencyResult, model: string, form: Form): Timing | undefined {
  return comparison.timings[contestantName(model, form)];
}

/** How many times as fast as BERT-base in the same form. */
function faster(result: LatencyResult, model: string, form: Form): number | undefined {
  const [own, base] = [timingOf(result, model, form), timingOf(result, BASELINE, form)];
  return own && base && base.median / own.median;
}

function metricsOf(result: LatencyResult): Record<string, number> {
  const found: Record<string, number> = {};
  const base = result.models.find(({ name }) => name === BASELINE);
  for (const { name, parameters, macs } of result.models) {
    found[`${name}.parameters`] = parameters;
    found[`${name}.fewerParameters`] = (base?.parameters ?? Number.NaN) / parameters;
    const key = `${result.cell.id}.${name}`;
    found[`${key}.macs`] = macs;
    for (const form of FORMS) {
      const timing = timingOf(result, name, form);
      if (timing === undefined) continue;
      found[`${key}.${form}.ms`] = timing.median;
      found[`${key}.${form}.faster`] = faster(result, name, form) as number;
    }
    const [ours, torch] = [timingOf(result, name, 'captured'), timingOf(result, name, 'PyTorch')];
    if (ours && torch) found[`${key}.timesPyTorch`] = ours.median / torch.median;
    const onnx = timingOf(result, name, 'onnxruntime');
    if (ours && onnx) found[`${key}.timesOnnxruntime`] = ours.median / onnx.median;
  }
  return found;
}

function judge(
  metrics: Readonly<Record<string, number>>,
  { reducedBy, ratio, torchRatio }: LatencyConfig,
  results: readonly LatencyResult[],
): { readonly verdict: Verdict; readonly reason: string } {
  const not = (reason: string) => ({ verdict: 'not tested' as const, reason });
  const models = results.flatMap((result) => result.models);
  for (const [who, by] of [
    ['PyTorch', 'difference'],
    ['onnxruntime', 'onnxDifference'],
  ] as const) {
    const differing = models.filter((model) => model[by] !== null && !(model[by] < LARGEST_DIFFERENCE));
    if (differing.length === 0) continue;
    const names = [...new Set(differing.map(({ name }) => name))].join(', ');
    return {
      verdict: 'not met',
      reason: `${who} computes other states than ours from the same weights: ${names}.`,
    };
  }
  const claimed = results.find(({ cell }) => cell.id === CLAIMED);
  const found = metrics[`${CLAIMED}.${OURS}.captured.faster`];
  if (claimed === undefined || found === undefined)
    return not(`The claim is about ${OURS} and ${BASELINE} at batch 1 and 128 tokens, which were not timed.`);
  const beside = metrics[`${CLAIMED}.${BASELINE}.timesPyTorch`];
  const reason =
    `At batch 1 and 128 tokens ${OURS} is ${found.toFixed(2)} times as fast as ${BASELINE} (wanted: ${ratio}); ` +
    (beside === undefined
      ? 'PyTorch was not timed.'
      : `our ${BASELINE} takes ${beside.toFixed(2)} times as long as PyTorch’s (wanted: at most ${torchRatio}).`);
  if (reducedBy !== 1) return not(`The models are reduced. ${reason}`);
  if (!claimed.comparison.valid) return not(`The machine was busy. ${reason}`);
  if (found >= ratio && beside === undefined) return not(`Half of the claim needs --peers. ${reason}`);
  const met = found >= ratio && beside !== undefined && beside <= torchRatio;
  return { verdict: met ? 'met' : 'not met', reason };
}

function sizesTable(results: readonly LatencyResult[]): Table {
  const models = results[0]?.models ?? [];
  const base = models.find(({ name }) => name === BASELINE);
  const macsOf = (result: LatencyResult, model: string) =>
    result.models.find(({ name }) => name === model)?.macs ?? Number.NaN;
  const byLength = results.filter(({ cell }) => cell.batch === results[0]?.cell.batch);
  return {
    title: 'Sizes',
    columns: [
      { title: 'model' },
      { title: 'parameters' },
      { title: `times fewer than ${BASELINE}`, digits: 2 },
      { title: 'paper', digits: 1 },
      ...byLength.flatMap(({ cell }) => [
        { title: `10⁹ MACs, L ${cell.length}`, digits: 3 },
        { title: 'times fewer', digits: 2 },
      ]),
    ],
    rows: models.map(({ name, parameters }) => [
      name,
      parameters,
      (base?.parameters ?? Number.NaN) / parameters,
      PAPER[name]?.fewer ?? null,
      ...byLength.flatMap((result) => [
        macsOf(result, name) / 1e9,
        macsOf(result, BASELINE) / macsOf(result, name),
      ]),
    ]),
    note: 'Parameters as the paper counts: without pooler and heads, with the map to the teacher’s width. MACs: products of matrices.',
  };
}

function latencyTable(result: LatencyResult): Table {
  const { cell, models, torch, onnx, onnxAbsent } = result;
  const forms = FORMS.filter((form) => models.some(({ name }) => timingOf(result, name, form)));
  return {
    title: `Latency in ms, batch ${cell.batch}, ${cell.length} tokens`,
    columns: [
      { title: 'model' },
      ...forms.flatMap((title) => [
        { title, digits: 2 },
        { title: 'times faster', digits: 2 },
      ]),
      { title: 'paper', digits: 1 },
      ...(torch === null ? [] : [{ title: 'captured / PyTorch', digits: 2 }]),
      ...(onnx === null ? [] : [{ title: 'captured / onnxruntime', digits: 2 }]),
    ],
    rows: models.map(({ name }) => [
      name,
      ...forms.flatMap((form) => [
        timingOf(result, name, form)?.median ?? null,
        faster(result, name, form) ?? null,
      ]),
      PAPER[name]?.faster ?? null,
      ...(torch === null ? [] : [metricsOf(result)[`${cell.id}.${name}.timesPyTorch`] ?? null]),
      ...(onnx === null ? [] : [metricsOf(result)[`${cell.id}.${name}.timesOnnxruntime`] ?? null]),
    ]),
    note:
      `Medians of forward passes up to the states of the first token, without pooler and head. Times faster: than ${BASELINE} in the ` +
      `same form. The paper’s 4.4 is for one CPU of its own.${torch === null ? '' : ` ${torch}.`} ` +
      (onnx === null ? `onnxruntime was not tested: ${onnxAbsent}.` : `${onnx}.`),
  };
}

function chartOf(result: LatencyResult): Chart {
  const { cell, comparison } = result;
  return timingChart({
    name: `latency-${cell.id.toLowerCase()}`,
    title: `Latency, batch ${cell.batch}, ${cell.length} tokens`,
    what: 'forward pass',
    timings: restoreComparison(comparison).timings,
  });
}

function warningsOf(results: readonly LatencyResult[], { reducedBy }: LatencyConfig): string[] {
  const disturbed = results.filter(({ comparison }) => !comparison.valid).map(({ cell }) => cell.id);
  return [
    ...(reducedBy === 1 ? [] : [`The models are ${reducedBy} times narrower than the published ones.`]),
    ...(disturbed.length > 0
      ? [`The machine was busy, and the times are not valid, of ${disturbed.join(', ')}.`]
      : []),
  ];
}
