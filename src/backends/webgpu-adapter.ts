import { execFile } from 'node:child_process';

/** The graphics adapter that WebGPU would use. */
export interface Adapter {
  /** For people: the driver's description, or vendor and architecture. */
  readonly name: string;
  /** Emulated on the CPU. */
  readonly software: boolean;
}

/** A driver that hangs must not hang us; a first start on a busy machine takes a few seconds. */
const LIMIT_MS = 30_000;

// Run with `node --input-type=module -e`, which would not find the package itself: its address is the argument.
const QUESTION = `
const { create, globals } = await import(process.argv[1]);
Object.assign(globalThis, globals);
const adapter = await create([]).requestAdapter({ powerPreference: 'high-performance' });
const { vendor, architecture, device, description, isFallbackAdapter } = adapter?.info ?? {};
console.log(JSON.stringify(adapter ? { vendor, architecture, device, description, isFallbackAdapter } : {}));
process.exit(0);
`;

/**
 * Asks for the adapter in a process of its own: Dawn and graphics drivers print warnings, may crash, and keep the process
 * alive. Undefined where there is none, or where the package `webgpu` has no binary for this platform.
 */
export function findAdapter(): Promise<Adapter | undefined> {
  let entry: string;
  try {
    entry = import.meta.resolve('webgpu');
  } catch {
    return Promise.resolve(undefined);
  }
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--input-type=module', '-e', QUESTION, entry],
      // Without the loaders that our own process was started with.
      { timeout: LIMIT_MS, killSignal: 'SIGKILL', env: { ...process.env, NODE_OPTIONS: '' } },
      (_error, stdout) => {
        const line = stdout.split('\n').find((text) => text.startsWith('{'));
        resolve(line === undefined ? undefined : describe(JSON.parse(line)));
      },
    );
  });
}

type Info = Partial<Record<'vendor' | 'architecture' | 'device' | 'description', string>> & {
  isFallbackAdapter?: boolean;
};

function describe(info: Info): Adapter | undefined {
  const words = [info.vendor, info.architecture, info.device, info.description].filter((word) => word);
  if (words.length === 0) return undefined;
  const software =
    info.isFallbackAdapter === true || /swiftshader|llvmpipe|lavapipe|basic render/i.test(words.join(' '));
  return { name: info.description || words.join(' '), software };
}
