import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UserError } from '../src/errors.ts';
import type { Experiment } from '../src/experiment/experiment.ts';
import { nearMatches } from '../src/experiment/near-matches.ts';

interface Entry {
  readonly name: string;
  load(): Promise<Experiment>;
}

/** Every experiment of ours, in the order of `ls`. */
export const registry: readonly Entry[] = [
  { name: 'came-convergence', load: async () => (await import('./came-convergence.ts')).cameConvergence },
  {
    name: 'came-time-to-target',
    load: async () => (await import('./came-time-to-target.ts')).cameTimeToTarget,
  },
  { name: 'came-large-batch', load: async () => (await import('./came-large-batch.ts')).cameLargeBatch },
  {
    name: 'came-confidence-ablation',
    load: async () => (await import('./came-confidence-ablation.ts')).cameConfidenceAblation,
  },
  {
    name: 'came-optimizer-memory',
    load: async () => (await import('./came-optimizer-memory.ts')).cameOptimizerMemory,
  },
  { name: 'came-step-time', load: async () => (await import('./came-step-time.ts')).cameStepTime },
  {
    name: 'cdape-associative-recall',
    load: async () => (await import('./cdape-associative-recall.ts')).cdapeAssociativeRecall,
  },
  {
    name: 'cdape-length-extrapolation',
    load: async () => (await import('./cdape-length-extrapolation.ts')).cdapeLengthExtrapolation,
  },
  {
    name: 'cdape-formal-languages',
    load: async () => (await import('./cdape-formal-languages.ts')).cdapeFormalLanguages,
  },
  {
    name: 'cdape-kernel-size',
    load: async () => (await import('./cdape-kernel-size.ts')).cdapeKernelSize,
  },
  {
    name: 'cdape-attention-maps',
    load: async () => (await import('./cdape-attention-maps.ts')).cdapeAttentionMaps,
  },
  {
    name: 'cdape-attention-cost',
    load: async () => (await import('./cdape-attention-cost.ts')).cdapeAttentionCost,
  },
  {
    name: 'efficient-bert-glue',
    load: async () => (await import('./efficient-bert-glue.ts')).efficientBertGlue,
  },
  {
    name: 'efficient-bert-squad',
    load: async () => (await import('./efficient-bert-squad.ts')).efficientBertSquad,
  },
  {
    name: 'efficient-bert-fine-tuning',
    load: async () => (await import('./efficient-bert-fine-tuning.ts')).efficientBertFineTuning,
  },
  {
    name: 'efficient-bert-latency',
    load: async () => (await import('./efficient-bert-latency.ts')).efficientBertLatency,
  },
  {
    name: 'efficient-bert-distillation',
    load: async () => (await import('./efficient-bert-distillation.ts')).efficientBertDistillation,
  },
  {
    name: 'efficient-bert-distillation-teacher',
    load: async () =>
      (await import('./efficient-bert-distillation-teacher.ts')).efficientBertDistillationTeacher,
  },
  {
    name: 'efficient-bert-search',
    load: async () => (await import('./efficient-bert-search.ts')).efficientBertSearch,
  },
  { name: 'training-step', load: async () => (await import('./training-step.ts')).trainingStep },
  { name: 'optimizer-step', load: async () => (await import('./optimizer-step.ts')).optimizerStep },
  { name: 'training-memory', load: async () => (await import('./training-memory.ts')).trainingMemory },
];

/**
 * Ours, and those of the module that TFJS_METHODS_EXPERIMENTS names: its default export is a list of experiments. The processes
 * that compute cells have the same variable and so find the same.
 */
export async function allEntries(): Promise<readonly Entry[]> {
  const module = process.env.TFJS_METHODS_EXPERIMENTS;
  if (!module) return registry;
  const file = resolve(module);
  if (!existsSync(file)) {
    throw new UserError(`TFJS_METHODS_EXPERIMENTS names ${file}, and there is no such file.`);
  }
  const { default: own } = (await import(pathToFileURL(file).href)) as { default: Experiment[] };
  return [...registry, ...own.map((experiment) => ({ name: experiment.name, load: async () => experiment }))];
}

export async function loadExperiments(): Promise<Experiment[]> {
  return Promise.all((await allEntries()).map((entry) => entry.load()));
}

/** Throws UserError, with near matches, where there is none of that name. */
export async function findExperiment(name: string): Promise<Experiment> {
  const entries = await allEntries();
  const entry = entries.find((candidate) => candidate.name === name);
  if (entry !== undefined) return entry.load();
  throw noExperiment(name, entries);
}

/** The experiments that the words name, each once: a word is a name, or a pattern such as `came-*`. */
export async function matchExperiments(words: readonly string[]): Promise<Experiment[]> {
  const entries = await allEntries();
  const chosen = new Set<Entry>();
  for (const word of words) {
    const pattern = new RegExp(
      `^${word
        .split(/([*?])/)
        .map(asExpression)
        .join('')}$`,
    );
    const matched = entries.filter(({ name }) => pattern.test(name));
    if (matched.length === 0) throw noExperiment(word, entries);
    for (const entry of matched) chosen.add(entry);
  }
  return Promise.all([...chosen].map((entry) => entry.load()));
}

function asExpression(part: string): string {
  if (part === '*') return '.*';
  return part === '?' ? '.' : part.replace(/[\\^$.+()[\]{}|]/g, '\\$&');
}

function noExperiment(word: string, entries: readonly Entry[]): UserError {
  const names = entries.map(({ name }) => name);
  const what = /[*?]/.test(word) ? 'There is no experiment that matches' : 'There is no experiment';
  const near = nearMatches(word.replace(/[*?]/g, '').replace(/^-+|-+$/g, ''), names);
  return new UserError(`${what} ${word}.${near} Experiments: ${names.join(', ')}`);
}
