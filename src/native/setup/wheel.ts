import { UserError } from '../../errors.ts';
import type { Host } from './host.ts';
import { TENSORFLOW_VERSION } from './versions.ts';

/** One file of the Python package index that holds TensorFlow's C library, pinned by its digest. */
export interface Wheel {
  readonly project: string;
  readonly version: string;
  readonly file: string;
  /** Python tags for pip; only the C library is used, so one Python version serves everybody. */
  readonly python: { readonly version: string; readonly abi: string; readonly platform: string };
  readonly sha256: string;
  /** Size of the wheel and of what is unpacked from it, in bytes. */
  readonly bytes: number;
  readonly unpackedBytes: number;
  /** Shared libraries wanted from the wheel's `tensorflow/` folder. */
  readonly libraries: readonly string[];
  /** Whether the whole path was run on this platform. */
  readonly tested: boolean;
}

const LINUX_LIBRARIES = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'] as const;
const MACOS_LIBRARIES = ['libtensorflow_cc.2.dylib', 'libtensorflow_framework.2.dylib'] as const;

/** Digests and sizes as the package index lists them for TensorFlow 2.21.0. */
const WHEELS: Readonly<Record<string, Wheel>> = {
  'linux-x64': {
    project: 'tensorflow-cpu',
    version: TENSORFLOW_VERSION,
    file: 'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl',
    python: { version: '3.11', abi: 'cp311', platform: 'manylinux_2_27_x86_64' },
    sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
    bytes: 273_829_956,
    unpackedBytes: 855_000_000,
    libraries: LINUX_LIBRARIES,
    tested: true,
  },
  'linux-arm64': {
    project: 'tensorflow',
    version: TENSORFLOW_VERSION,
    file: 'tensorflow-2.21.0-cp311-cp311-manylinux_2_27_aarch64.whl',
    python: { version: '3.11', abi: 'cp311', platform: 'manylinux_2_27_aarch64' },
    sha256: '4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c',
    bytes: 281_828_020,
    unpackedBytes: 885_000_000,
    libraries: LINUX_LIBRARIES,
    tested: false,
  },
  'darwin-arm64': {
    project: 'tensorflow',
    version: TENSORFLOW_VERSION,
    file: 'tensorflow-2.21.0-cp311-cp311-macosx_12_0_arm64.whl',
    python: { version: '3.11', abi: 'cp311', platform: 'macosx_12_0_arm64' },
    sha256: '51f46f4806139d01fc7920cc72a4c75876f80649bf40ff083ab6212ceb43ca88',
    bytes: 223_405_849,
    unpackedBytes: 742_000_000,
    libraries: MACOS_LIBRARIES,
    tested: false,
  },
};

const OLDEST_GLIBC = [2, 27] as const;

/**
 * The wheel for a machine.
 *
 * @throws UserError where TensorFlow publishes none that could be used, with what works instead.
 */
export function wheelFor(host: Host): Wheel {
  const name = `${host.platform}-${host.arch}`;
  const wheel = WHEELS[name];
  const instead =
    'Use the portable backend instead (--backend wasm), which needs no set-up; or, where its own download ' +
    'can be reached, "npm rebuild @tensorflow/tfjs-node" brings TensorFlow 2.9';
  if (wheel === undefined) {
    const windows = host.platform === 'win32' ? ', or run inside WSL 2, which is linux-x64' : '';
    throw new UserError(
      `The native set-up does not know ${name}: TensorFlow ${TENSORFLOW_VERSION} can be used on ` +
        `${Object.keys(WHEELS).join(', ')}. ${instead}${windows}.`,
      3,
    );
  }
  if (host.platform === 'linux' && !glibcIsRecent(host.glibc)) {
    throw new UserError(
      `TensorFlow ${TENSORFLOW_VERSION} needs the GNU C library ${OLDEST_GLIBC.join('.')} or newer; this system has ` +
        `${host.glibc ?? 'another C library (musl?)'}. ${instead}.`,
      3,
    );
  }
  return wheel;
}

function glibcIsRecent(version: string | undefined): boolean {
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
  return major > OLDEST_GLIBC[0] || (major === OLDEST_GLIBC[0] && minor >= OLDEST_GLIBC[1]);
}
