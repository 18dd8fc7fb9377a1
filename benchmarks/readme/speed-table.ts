import { markdownTable } from '../../src/experiment/table.ts';
import type { CommittedReport } from './committed-report.ts';
import type { SectionContext } from './sections.ts';

/** How fast the training step and the optimizers are, and that training does not leak, in one table. */
export function speedTable({ report, reports }: SectionContext): string {
  const [step, optimizer, memory, attention] = (
    ['training-step', 'optimizer-step', 'training-memory', 'cdape-attention-cost'] as const
  ).map(report) as [CommittedReport, CommittedReport, CommittedReport, CommittedReport];
  const from = (experiment: string) => `[\`run ${experiment}\`](${reports}/${experiment}/results.md)`;
  const rows = [
    [`captured training step, ${size(step, 'D256')}`, largeStep(step), from('training-step')],
    [`the same, ${size(step, 'D128')}`, smallStep(step), from('training-step')],
    [
      `CAME step, BERT-Base's ${Math.floor(optimizer.metric('parameters') / 1e6)} M parameters`,
      cameStep(optimizer),
      from('optimizer-step'),
    ],
    ['AdamW step, the same', adamwStep(optimizer), from('optimizer-step')],
    [
      `training step with CDAPE-Kerple, ${attentionSize(attention)}`,
      cdapeStep(attention),
      from('cdape-attention-cost'),
    ],
    [
      `${memory.metric('steps').toLocaleString('en-US')} training steps, AdamW and CAME`,
      memoryGrowth(memory),
      from('training-memory'),
    ],
  ];
  return markdownTable({
    title: '',
    columns: [{ title: 'measured here' }, { title: '' }, { title: 'run' }],
    rows,
  });
}

function size(step: CommittedReport, name: string): string {
  const [width, layers, sequence, batch] = ['width', 'layers', 'sequence', 'batch'].map((key) =>
    step.setting(`sizes.${name}.${key}`),
  );
  return `D${width} L${layers} T${sequence} B${batch}`;
}

function times(step: CommittedReport, metric: string): string {
  return `${step.metric(metric).toFixed(2)}×`;
}

function largeStep(step: CommittedReport): string {
  const eager = times(step, 'D256.speedup.eager');
  const peak = (100 * step.metric('D256.peakShare')).toFixed(0);
  return `${eager} eager TensorFlow.js, ${times(step, 'D256.speedup.pytorch')} PyTorch (${times(step, 'D256.speedup.torch-compile')} torch.compile), ${times(step, 'D256.speedup.jax')} JAX, ${peak} % of the matmul peak`;
}

function smallStep(step: CommittedReport): string {
  const of = (name: string) => times(step, `D128.speedup.${name}`);
  return `${of('eager')}, ${of('pytorch')} (${of('torch-compile')}), ${of('jax')}; wasm ${step.metric('D128.wasm.speedup.stock').toFixed(1)}× stock tfjs-wasm`;
}

function cameStep(optimizer: CommittedReport): string {
  const ms = optimizer.metric('came.native.ms').toFixed(0);
  const authors = optimizer.metric('came.native.speedup.authors').toFixed(1);
  const fused = (1 / optimizer.metric('came.native.speedup.adamw-fused')).toFixed(2);
  return `${ms} ms: ${authors}× the authors' PyTorch code, ${fused} times as long as PyTorch's fused AdamW`;
}

/** What optimizer-step claims of native AdamW against PyTorch's fused one. */
const adamwLimit = 1.1;

function adamwStep(optimizer: CommittedReport): string {
  const longer = 1 / optimizer.metric('adamw.native.speedup.adamw-fused');
  const missed = (100 * (longer / adamwLimit - 1)).toFixed(1);
  const claim = longer > adamwLimit ? ` (the claim of ${adamwLimit.toFixed(2)} missed by ${missed} %)` : '';
  return `${optimizer.metric('adamw.native.ms').toFixed(0)} ms: ${longer.toFixed(2)} times as long as PyTorch's fused one${claim}`;
}

function attentionSize(attention: CommittedReport): string {
  const [width, layers, batch] = ['width', 'layers', 'batchSize'].map((key) => attention.setting(key));
  return `D${width} L${layers} T${attention.setting('claimLength')} B${batch}`;
}

function cdapeStep(attention: CommittedReport): string {
  const of = (name: string) =>
    attention.metric(`T${attention.setting('claimLength')}.cdape-kerple.${name}`).toFixed(2);
  return `${of('overOfficial')} of the time of the authors' rule in PyTorch, ${of('overKerple')} of plain Kerple's, with ${of('memoryOverKerple')} of its memory`;
}

function memoryGrowth(memory: CommittedReport): string {
  const growths = ['adamw', 'came'].map((name) => memory.metric(`${name}.rss.growthShare`));
  const tensors = ['adamw', 'came'].map((name) => memory.metric(`${name}.numTensors.growth`));
  const most = Math.max(...growths);
  const counted = tensors.every((growth) => growth === 0)
    ? 'number of tensors constant'
    : `${Math.max(...tensors)} more tensors`;
  return `${counted}, resident memory ${most < 0 ? '−' : '+'} ${Math.abs(100 * most).toFixed(1)} %`;
}
