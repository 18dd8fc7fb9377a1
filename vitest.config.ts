import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { probeTestBackends } from './test/support/probe.ts';

/** Files named so run once on every backend that is present; all other tests run once. */
const BACKEND_TESTS = 'test/**/*.backend.test.ts';

const EACH_PROJECT = { pool: 'forks', testTimeout: 60_000, hookTimeout: 60_000 } as const;

export default defineConfig(async () => {
  const unit: TestProjectInlineConfiguration = {
    // These switch backends, variables of the environment and folders.
    test: {
      ...EACH_PROJECT,
      name: 'unit',
      isolate: true,
      include: ['test/**/*.test.ts'],
      exclude: [BACKEND_TESTS],
    },
  };
  const backends = await probeTestBackends();
  const onEachBackend = backends.map(
    ({ project, backend, env, testTimeout, exclude = [] }): TestProjectInlineConfiguration => ({
      test: {
        ...EACH_PROJECT,
        name: project,
        // A backend takes a second to load, and a shader half a second to compile: once for all files of a process.
        isolate: false,
        testTimeout,
        include: [BACKEND_TESTS],
        exclude: [...exclude],
        setupFiles: ['test/support/setup.ts'],
        env: { ...env, TFJS_METHODS_TEST_BACKEND: backend },
      },
    }),
  );
  return { test: { maxWorkers: 2, projects: [unit, ...onEachBackend] } };
});
