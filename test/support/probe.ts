import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { BackendName, BackendRequest } from '../../src/backends/index.ts';

/** One vitest project: the backend tests on one backend. */
export interface TestBackend {
  readonly project: string;
  readonly backend: BackendRequest;
  readonly env: Readonly<Record<string, string>>;
  readonly testTimeout: number;
  /** Files that are not run here. */
  readonly exclude?: readonly string[];
}

/** What the child process (probe-child.ts) prints. */
export type ProbeAnswer =
  | { readonly ok: true; readonly name: BackendName; readonly version: string; readonly software: boolean }
  | { readonly ok: false; readonly reason: string };

const CANDIDATES: readonly TestBackend[] = [
  { project: 'tensorflow', backend: 'tensorflow', env: {}, testTimeout: 60_000 },
  {
    project: 'tensorflow-ops',
    backend: 'tensorflow',
    env: { TFJS_METHODS_NATIVE_KERNELS: '0' },
    testTimeout: 60_000,
  },
  { project: 'wasm', backend: 'wasm', env: {}, testTimeout: 60_000 },
  { project: 'js', backend: 'js', env: {}, testTimeout: 60_000 },
  // A software adapter compiles each new shader for a second or more, and multiplies matrices slowly.
  { project: 'webgpu', backend: 'webgpu', env: {}, testTimeout: 300_000 },
];

/**
 * From 20 seconds to minutes each where a CPU plays the graphics card, for shaders that are compiled once per shape; what they
 * hold is held by other files there too. They run on a real adapter.
 */
const SLOW_ON_SOFTWARE: readonly string[] = [
  'test/cdape/encoding-models.backend.test.ts',
  'test/cdape/forms.backend.test.ts',
  'test/cdape/processor.backend.test.ts',
  'test/efficient-bert/distillation/golden-losses.backend.test.ts',
  'test/efficient-bert/distillation/shared-supernet.backend.test.ts',
  'test/efficient-bert/distillation/trace.backend.test.ts',
  'test/efficient-bert/searched-mlp.backend.test.ts',
];

/** A first start of SwiftShader on a busy 2-core machine takes a few seconds; a driver that hangs must not hang the tests. */
const PROBE_LIMIT_MS = 60_000;

/**
 * The backends on which the tests run here, with one line on stderr that says which run and which are absent and why.
 * TFJS_METHODS_TEST_BACKENDS (project names, comma-separated) restricts them; one named there and absent is an error.
 */
export async function probeTestBackends(): Promise<TestBackend[]> {
  const wanted = wantedProjects();
  const candidates = CANDIDATES.filter(({ project }) => wanted === undefined || wanted.includes(project));
  const probed = new Map<BackendRequest, Promise<ProbeAnswer>>();
  for (const { backend } of candidates) {
    if (!probed.has(backend)) probed.set(backend, probe(backend));
  }
  const present: TestBackend[] = [];
  const runs: string[] = [];
  const absent: string[] = [];
  for (const candidate of candidates) {
    const answer = await (probed.get(candidate.backend) as Promise<ProbeAnswer>);
    if (answer.ok) {
      const slow = answer.name === 'webgpu' && answer.software;
      present.push(slow ? { ...candidate, exclude: SLOW_ON_SOFTWARE } : candidate);
      runs.push(
        `${candidate.project} (${answer.version}${answer.software ? `, software adapter: without ${SLOW_ON_SOFTWARE.length} slow files` : ''})`,
      );
    } else {
      absent.push(`${candidate.project} (${answer.reason})`);
    }
  }
  console.error(
    `Test backends: ${runs.join(', ') || 'none'}.${absent.length ? ` Absent: ${absent.join('; ')}` : ''}`,
  );
  if (wanted !== undefined && absent.length > 0) {
    throw new Error(`TFJS_METHODS_TEST_BACKENDS names a backend that is absent: ${absent.join('; ')}`);
  }
  return present;
}

function wantedProjects(): string[] | undefined {
  const value = process.env.TFJS_METHODS_TEST_BACKENDS;
  if (value === undefined || value.trim() === '') return undefined;
  const names = value.split(',').map((name) => name.trim());
  const known = CANDIDATES.map(({ project }) => project);
  for (const name of names) {
    if (!known.includes(name)) {
      throw new Error(`TFJS_METHODS_TEST_BACKENDS: '${name}' is none of ${known.join(', ')}`);
    }
  }
  return names;
}

/** Loads the backend in a process of its own: a native library may crash, hang, or print. */
function probe(backend: BackendRequest): Promise<ProbeAnswer> {
  const child = fileURLToPath(new URL('./probe-child.ts', import.meta.url));
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--import', 'tsx', child, backend],
      { timeout: PROBE_LIMIT_MS, killSignal: 'SIGKILL' },
      (error, stdout) => {
        const answer = stdout.split('\n').find((line) => line.startsWith('{"ok":'));
        if (answer !== undefined) resolve(JSON.parse(answer) as ProbeAnswer);
        else if (error?.killed) resolve({ ok: false, reason: `no answer in ${PROBE_LIMIT_MS / 1000} s` });
        else
          resolve({
            ok: false,
            reason: `the probe ended with ${error?.code ?? error?.signal ?? 'no answer'}`,
          });
      },
    );
  });
}
