import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { smokeTest } from '../../../src/native/setup/smoke-test.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';
import { writeProject, writeStockTfjsNode } from './fake-project.ts';

const folder = temporaryFolders();

function tfjsNodeWith(main?: string): string {
  const root = folder();
  writeProject(root);
  return writeStockTfjsNode(root, main);
}

describe('smokeTest', () => {
  it('tells the version of the library', async () => {
    const outcome = await smokeTest(tfjsNodeWith(), undefined);
    expect(outcome).toMatchObject({ ok: true, report: { tensorflowVersion: '2.9.1' } });
  });

  it('gives back what Node 23 took from node:util', async () => {
    const needs = `
      const util = require('util');
      if (util.isArray([]) !== true || util.isNullOrUndefined(0) !== false) throw new Error('not given back');
      exports.getBackend = () => 'tensorflow';
      exports.tensor2d = () => 0;
      exports.matMul = () => ({ data: async () => [7, 10, 15, 22] });
      exports.backend = () => ({ binding: { TF_Version: '2' } });`;
    expect((await smokeTest(tfjsNodeWith(needs), undefined)).ok).toBe(true);
  });

  it('does not believe a library that multiplies wrongly', async () => {
    const wrong = `
      exports.getBackend = () => 'tensorflow';
      exports.tensor2d = () => 0;
      exports.matMul = () => ({ data: async () => [1, 2, 3, 4] });`;
    const outcome = await smokeTest(tfjsNodeWith(wrong), undefined);
    expect(outcome).toEqual({ ok: false, reason: 'Error: matMul gave 1,2,3,4' });
  });

  it('reports the message of an addon that does not load', async () => {
    const broken = 'throw new Error("libtensorflow_cc.so.2: cannot open shared object file")';
    const outcome = await smokeTest(tfjsNodeWith(broken), undefined);
    expect(outcome).toMatchObject({
      ok: false,
      reason: expect.stringContaining('cannot open shared object file'),
    });
  });

  it('survives a library that kills the process', async () => {
    const outcome = await smokeTest(tfjsNodeWith('process.kill(process.pid, "SIGILL")'), undefined);
    expect(outcome).toMatchObject({ ok: false, reason: expect.stringMatching(/AVX/) });
  });

  it('tells kernels that do not load from a tfjs-node that does not', async () => {
    const addon = join(folder(), 'kernels.node');
    writeFileSync(addon, 'not a library');
    const outcome = await smokeTest(tfjsNodeWith(), addon);
    expect(outcome).toMatchObject({ ok: true, report: { kernelsError: expect.stringContaining(addon) } });
    expect(outcome.ok && outcome.report.kernels).toBeUndefined();
  });
});
