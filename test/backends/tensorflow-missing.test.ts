import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { useBackend } from '../../src/backends/index.ts';
import { UserError } from '../../src/errors.ts';
import * as paths from '../../src/native/setup/paths.ts';

vi.mock('../../src/native/setup/paths.ts', { spy: true });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tensorflow-missing-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function refusalWith(addon: string): Promise<string> {
  vi.mocked(paths.tfjsAddonPath).mockReturnValue(addon);
  const error = await useBackend('tensorflow').catch((reason) => reason);
  expect(error).toBeInstanceOf(UserError);
  expect(error.exitCode).toBe(3);
  expect(error.message).toContain('npm run native');
  expect(error.message).toContain('--backend wasm');
  return error.message;
}

test('a tfjs-node without its addon is an error with the remedy', async () => {
  expect(await refusalWith(join(folder, 'tfjs_binding.node'))).toMatch(/without its addon|not installed/);
});

test('an addon that does not load is an error with the remedy', async () => {
  const broken = join(folder, 'broken.node');
  writeFileSync(broken, 'no library');
  expect(await refusalWith(broken)).toMatch(/its addon does not load|not installed/);
});

test('cpu then takes wasm and says why', async () => {
  vi.mocked(paths.tfjsAddonPath).mockReturnValue(join(folder, 'tfjs_binding.node'));
  const backend = await useBackend('cpu');
  expect(backend.name).toBe('wasm');
  expect(backend.reason).toContain('npm run native');
});
