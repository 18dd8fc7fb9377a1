import { createHash, randomBytes } from 'node:crypto';
import type { Wheel } from '../../../src/native/setup/wheel.ts';
import { tinyZip } from '../../support/tiny-zip.ts';

/** A wheel of a few hundred kilobytes with the folders of the real one, and its pin. */
export function fakeWheel(): { wheel: Wheel; content: Buffer; library: Buffer } {
  const library = randomBytes(300_000); // not compressible, so that downloads have several chunks
  const content = tinyZip({
    'tensorflow/__init__.py': 'raise ImportError',
    'tensorflow/libtensorflow_cc.so.2': library,
    'tensorflow/libtensorflow_framework.so.2': 'framework',
    'tensorflow/include/tensorflow/c/c_api.h': '#pragma once\n',
    'tensorflow/include/tensorflow/c/eager/c_api.h': '#pragma once\n',
    'tensorflow/include/Eigen/Core.h': 'not wanted',
    'tensorflow/include/tensorflow/c/BUILD': 'not wanted',
  });
  const wheel: Wheel = {
    project: 'tensorflow-cpu',
    version: '2.21.0',
    file: 'tensorflow_cpu-2.21.0-fake.whl',
    python: { version: '3.11', abi: 'cp311', platform: 'manylinux_2_27_x86_64' },
    sha256: createHash('sha256').update(content).digest('hex'),
    bytes: content.length,
    unpackedBytes: library.length + 100,
    libraries: ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'],
    tested: true,
  };
  return { wheel, content, library };
}
