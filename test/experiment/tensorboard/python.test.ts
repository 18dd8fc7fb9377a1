import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EventWriter, writeEvents } from '../../../src/experiment/tensorboard/index.ts';

const run = promisify(execFile);

/** The Python that TFJS_METHODS_PYTHON names, if it has both packages; else undefined, with a line on stderr that says why. */
async function pythonWithTensorBoard(): Promise<string | undefined> {
  const skipped = 'Tests beside Python’s TensorBoard are skipped';
  const python = process.env.TFJS_METHODS_PYTHON;
  if (python === undefined || python === '') {
    console.error(`${skipped}: TFJS_METHODS_PYTHON names no Python.`);
    return undefined;
  }
  const find =
    'import importlib.util as u; print([n for n in ("tensorboard", "tbparse") if not u.find_spec(n)])';
  const { stdout } = await run(python, ['-c', find]);
  if (stdout.trim() === '[]') return python;
  console.error(`${skipped}: ${python} lacks ${stdout.trim()}.`);
  return undefined;
}

/** tbparse, and the multiplexer from which TensorBoard's own pages are served. */
const READ = `
import json, sys
from tbparse import SummaryReader
from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
parsed = SummaryReader(sys.argv[1], extra_columns={'dir_name', 'wall_time'})
served = EventMultiplexer().AddRunsFromDirectory(sys.argv[1]).Reload()
plugins = {plugin: {run: sorted(tags) for run, tags in served.PluginRunToTagToContent(plugin).items()}
           for plugin in ('scalars', 'text', 'hparams')}
print(json.dumps({
    'scalars': parsed.scalars.to_dict('records'),
    'text': parsed.text.to_dict('records'),
    'hparams': parsed.hparams.to_dict('records'),
    'plugins': plugins,
}))
`;

interface Read {
  readonly scalars: readonly {
    readonly dir_name: string;
    readonly tag: string;
    readonly step: number;
    readonly value: number;
    readonly wall_time: number;
  }[];
  readonly text: readonly { readonly tag: string; readonly value: string }[];
  readonly hparams: readonly { readonly dir_name: string; readonly tag: string; readonly value: unknown }[];
  readonly plugins: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

const python = await pythonWithTensorBoard();

describe.skipIf(python === undefined)('Python’s TensorBoard', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tensorboard-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const read = async () => JSON.parse((await run(python as string, ['-c', READ, folder])).stdout) as Read;

  it('reads curves, settings and the configuration of a run that grew', async () => {
    const cells = [
      { id: 'adamw-seed0', contestant: 'adamw', learningRate: 0.01, tied: true },
      { id: 'came-seed0', contestant: 'came', learningRate: 0.003, tied: false },
    ];
    const rows = cells.flatMap(({ id, contestant, learningRate }) =>
      [1, 2, 3, 400_000].map((step) => ({
        cell: id,
        contestant,
        learningRate,
        step,
        loss: 4 / step + learningRate,
        validation: 5 / step,
        wallTime: 1_700_000_000.5 + step,
      })),
    );
    const config = { width: 8, name: 'größer' };
    for (const limit of [2, 400_000]) {
      writeEvents(
        folder,
        rows.filter(({ step }) => step <= limit),
        { cells, config },
      );
    }
    const found = await read();
    const expected = rows.flatMap(({ cell, step, loss, validation, wallTime }) =>
      Object.entries({ loss, validation }).map(([tag, value]) => ({
        dir_name: cell,
        tag,
        step,
        value: Math.fround(value),
        wall_time: wallTime,
      })),
    );
    const key = ({ dir_name, tag, step }: Read['scalars'][number]) =>
      `${dir_name} ${tag} ${String(step).padStart(7)}`;
    const sorted = (list: Read['scalars']) => [...list].sort((a, b) => (key(a) < key(b) ? -1 : 1));
    expect(sorted(found.scalars)).toEqual(sorted(expected));
    expect(found.text).toMatchObject([
      { tag: 'config', value: `\`\`\`json\n${JSON.stringify(config, null, 2)}\n\`\`\`` },
    ]);
    const settings = cells.flatMap(({ id, ...values }) =>
      Object.entries(values).map(([tag, value]) => ({ dir_name: id, tag, value })),
    );
    expect(found.hparams).toHaveLength(settings.length);
    expect(found.hparams).toEqual(expect.arrayContaining(settings));
    expect(found.plugins).toEqual({
      scalars: { 'adamw-seed0': ['loss', 'validation'], 'came-seed0': ['loss', 'validation'] },
      text: { '.': ['config'] },
      hparams: {
        'adamw-seed0': ['_hparams_/session_start_info'],
        'came-seed0': ['_hparams_/session_start_info'],
      },
    });
  });

  it('goes over a record that a crash cut off to the file of the resumed run', async () => {
    const rows = [1, 2, 3].map((step) => ({ cell: 'a', step, loss: 1 / step }));
    writeEvents(folder, rows.slice(0, 2));
    const file = join(folder, 'a', readdirSync(join(folder, 'a'))[0] as string);
    truncateSync(file, statSync(file).size - 5);
    writeEvents(folder, rows);
    const { scalars, plugins } = await read();
    expect(scalars.map(({ step, value }) => [step, value])).toEqual(
      rows.map(({ step, loss }) => [step, Math.fround(loss)]),
    );
    expect(plugins.scalars).toEqual({ a: ['loss'] });
  });

  it('shows a run in flight, and what is no number', async () => {
    const writer = new EventWriter(folder);
    writer.scalar('loss', 1, 0.5);
    writer.scalar('loss', 2, Number.POSITIVE_INFINITY);
    writer.flush();
    const { stdout } = await run(python as string, [
      '-c',
      'import sys; from tbparse import SummaryReader; print(SummaryReader(sys.argv[1]).scalars.value.tolist())',
      folder,
    ]);
    writer.close();
    expect(stdout.trim()).toBe('[0.5, inf]');
  });
});
