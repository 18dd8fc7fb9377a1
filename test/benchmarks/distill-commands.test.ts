import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { distillCommand } from '../../benchmarks/commands/distill.ts';
import { pretrainCommand } from '../../benchmarks/commands/pretrain.ts';
import { searchCommand } from '../../benchmarks/commands/search.ts';
import { loadTaskData } from '../../benchmarks/efficient-bert-distillation-training/task-data.ts';
import { headOf } from '../../benchmarks/efficient-bert-distillation-training/task-head.ts';
import { GENERATED } from '../../benchmarks/efficient-bert-glue/config.ts';
import { presets } from '../../benchmarks/efficient-bert-search/config.ts';
import { BERT_EXPRESSION, buildEncoder, EfficientBert } from '../../methods/efficient-bert/index.ts';
import { useBackend } from '../../src/backends/index.ts';
import { saveModel } from '../../src/bert/index.ts';
import { RandomStreams } from '../../src/random/index.ts';
import { openTextPredictor } from '../../src/tasks/index.ts';
import { temporaryFolders } from '../support/temporary-folder.ts';
import { captured } from './captured-output.ts';

const temporaryFolder = temporaryFolders();
const words = (command: string) => ({ command, words: [command], invocation: 'tfjs-methods' });

/** A teacher of two layers with weights that were only drawn. */
async function saveTeacher(folder: string): Promise<void> {
  await useBackend('js');
  const { task, tokenizer } = await loadTaskData(presets.smoke, undefined, undefined);
  const streams = new RandomStreams(0);
  const encoder = new EfficientBert(
    {
      expressions: [BERT_EXPRESSION, BERT_EXPRESSION],
      width: 16,
      heads: 4,
      hidden: 16,
      embeddingWidth: undefined,
      fitWidth: undefined,
      vocabulary: tokenizer.vocabulary.length,
      positions: 16,
    },
    streams,
  );
  const model = headOf(task, encoder, streams);
  await saveModel(folder, model, tokenizer);
  model.dispose();
}

describe('pretrain, distill and search', { timeout: 300_000 }, () => {
  it('leave models that predict, and go on only where they are told to', async () => {
    const root = temporaryFolder();
    const at = (name: string) => join(root, name);
    await saveTeacher(at('teacher'));
    writeFileSync(
      at('text.txt'),
      'the bright film with a moving plot\nits dull cast and the tired story\n'.repeat(20),
    );
    const shared = {
      teacher: at('teacher'),
      student: 'small',
      length: 12,
      batchSize: 16,
      seed: 0,
      backend: 'js',
      quiet: true,
      learningRate: 3e-3,
    } as const;
    const task = { task: 'sst-2', dataDir: GENERATED };
    const pretraining = { ...shared, text: at('text.txt'), epochs: 1, out: at('supernet') };
    const pretrain = () => pretrainCommand({ ...pretraining, supernet: true }, words('pretrain'));
    const { stdout: pretrained } = await captured(pretrain);
    expect(pretrained).toMatch(/^Supernet: [\d,]+ parameters, in .*supernet\/model\n$/);
    await expect(pretrain()).rejects.toThrow(/is not empty. Continue it with --resume/);

    const supernet = at('supernet/model');
    const searching = { ...shared, ...task, supernet, candidates: [2, 2, 2], interval: 1, out: at('found') };
    const lengths = { candidateEpochs: 0.1, epochs: 0.3, textEpochs: 0.2 };
    await captured(() => searchCommand({ ...searching, ...lengths }, words('search')));
    const found = JSON.parse(readFileSync(at('found/found.json'), 'utf8'));
    expect(found.expressions).toHaveLength(2);
    for (const stage of [1, 2, 3]) {
      const lines = readFileSync(at(`found/stage-${stage}.csv`), 'utf8')
        .trimEnd()
        .split('\n');
      expect(lines).toHaveLength(3);
    }

    const distilling = { ...shared, ...task, student: at('found/model'), out: at('distilled') };
    const { stdout } = await captured(() =>
      distillCommand({ ...distilling, epochs: 0.3, textEpochs: 0 }, words('distill')),
    );
    const said = JSON.parse(stdout);
    expect(said).toMatchObject({ task: 'sst-2', metric: 'accuracy', failure: null });
    expect(said.shareKept).toBeCloseTo(said.student / said.teacher, 12);

    await useBackend('js');
    for (const folder of ['found', 'distilled']) {
      const predictor = await openTextPredictor(at(`${folder}/model`), buildEncoder);
      expect(await predictor.predict('a bright film')).toHaveProperty('probabilities');
      predictor.dispose();
    }
  });
});
