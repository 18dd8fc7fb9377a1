import { afterEach, expect, it, vi } from 'vitest';
import { allEntries, matchExperiments, registry } from '../../benchmarks/registry.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

it('names a module of own experiments that is missing', async () => {
  vi.stubEnv('TFJS_METHODS_EXPERIMENTS', 'nowhere/mine.ts');
  await expect(allEntries()).rejects.toThrow(
    /TFJS_METHODS_EXPERIMENTS names .*mine\.ts, and there is no such/,
  );
});

it('has each name once, and finds it by name and by pattern', async () => {
  const names = registry.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect((await matchExperiments(['*'])).map(({ name }) => name)).toEqual(names);
  await expect(matchExperiments(['cdap-*'])).rejects.toThrow('There is no experiment that matches cdap-*');
});
