import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import {
  decodeSafetensors,
  encodeSafetensors,
  type SafeTensor,
  SafetensorsFile,
  writeSafetensors,
} from '../../src/training/safetensors.ts';

const folder = mkdtempSync(join(tmpdir(), 'safetensors-'));
afterAll(() => rmSync(folder, { recursive: true }));

const EXAMPLE = new Map<string, SafeTensor>([
  ['flags', { dtype: 'BOOL', shape: [3], data: Uint8Array.of(1, 0, 1) }],
  [
    'weights',
    { dtype: 'F32', shape: [2, 3], data: Float32Array.of(1.5, -2, 3e-39, Number.POSITIVE_INFINITY, -0, 0.1) },
  ],
  ['step', { dtype: 'I32', shape: [], data: Int32Array.of(-7) }],
  ['empty', { dtype: 'F32', shape: [0, 4], data: new Float32Array(0) }],
  ['wide', { dtype: 'F64', shape: [1], data: Float64Array.of(Math.PI) }],
  ['long', { dtype: 'I64', shape: [2], data: BigInt64Array.of(-1n, 2n ** 60n) }],
  ['bits', { dtype: 'BF16', shape: [2], data: Uint16Array.of(0x3f80, 0xc000) }],
  ['häufig "quoted"', { dtype: 'U8', shape: [1, 1], data: Uint8Array.of(255) }],
  ['__proto__', { dtype: 'I16', shape: [1], data: Int16Array.of(5) }],
  ['0', { dtype: 'F32', shape: [1], data: Float32Array.of(0.25) }],
]);

function sorted(tensors: ReadonlyMap<string, SafeTensor>): [string, SafeTensor][] {
  return [...tensors].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** A file with this header and so many bytes of data. */
function fileOf(header: unknown, dataBytes: number): Uint8Array {
  const json = typeof header === 'string' ? header : JSON.stringify(header);
  const text = new TextEncoder().encode(json);
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

describe('encode and decode', () => {
  it('give back every bit', () => {
    const { tensors, metadata } = decodeSafetensors(encodeSafetensors(EXAMPLE, { format: 'pt', note: 'ü' }));
    expect(sorted(tensors)).toEqual(sorted(EXAMPLE));
    expect(Object.is(tensors.get('weights')?.data[4], -0)).toBe(true);
    expect(metadata).toEqual({ format: 'pt', note: 'ü' });
  });

  it('write the bytes that the format describes', () => {
    const bytes = encodeSafetensors(new Map([['a', { dtype: 'F32', shape: [1], data: Float32Array.of(1) }]]));
    const json = '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'; // 54 bytes, padded to 56
    expect(Buffer.from(bytes).toString('latin1')).toBe(`8\0\0\0\0\0\0\0${json}  \0\0\x80\x3f`);
  });

  it('accept a Buffer, also one that does not begin on a multiple of 8, and copy out of it', () => {
    const bytes = Buffer.concat([Buffer.from('xyz'), encodeSafetensors(EXAMPLE)]).subarray(3);
    const { tensors } = decodeSafetensors(bytes);
    bytes.fill(0);
    expect(sorted(tensors)).toEqual(sorted(EXAMPLE));
  });

  it('write a view of a larger array alone', () => {
    const data = Float32Array.of(0, 1, 2, 3).subarray(1, 3);
    const { tensors } = decodeSafetensors(
      encodeSafetensors(new Map([['v', { dtype: 'F32', shape: [2], data }]])),
    );
    expect([...(tensors.get('v') as SafeTensor).data]).toEqual([1, 2]);
  });

  it('take files without tensors', () => {
    expect(decodeSafetensors(encodeSafetensors(new Map())).tensors.size).toBe(0);
  });

  it('refuse to encode what would not decode', () => {
    const tensor: SafeTensor = { dtype: 'F32', shape: [2], data: Float32Array.of(1) };
    expect(() => encodeSafetensors(new Map([['a', tensor]]))).toThrow(/'a' has 1 elements, its shape \[2\]/);
    expect(() => encodeSafetensors(new Map([['a', { ...tensor, dtype: 'I32', shape: [1] }]]))).toThrow(
      /no array of I32/,
    );
    expect(() => encodeSafetensors(new Map([['__metadata__', { ...tensor, shape: [1] }]]))).toThrow(
      /cannot be called/,
    );
  });
});

describe('files', () => {
  it('are what encode makes, and are read tensor by tensor', async () => {
    const path = join(folder, 'file.safetensors');
    const pending = new Map(
      [...EXAMPLE].map(([name, { data, ...t }]) => [name, { ...t, read: async () => data }]),
    );
    const { bytes, sha256 } = await writeSafetensors(path, pending, { a: 'b' });
    const written = readFileSync(path);
    expect(new Uint8Array(written)).toEqual(encodeSafetensors(EXAMPLE, { a: 'b' }));
    expect(bytes).toBe(written.length);
    expect(sha256).toBe((await import('node:crypto')).createHash('sha256').update(written).digest('hex'));
    const file = await SafetensorsFile.open(path);
    for (const [name, tensor] of EXAMPLE) expect(await file.read(name)).toEqual(tensor);
    await expect(file.read('none')).rejects.toThrow(RangeError);
    await file.close();
  });

  it('are not overwritten', async () => {
    const path = join(folder, 'there.safetensors');
    writeFileSync(path, 'x');
    await expect(writeSafetensors(path, new Map())).rejects.toThrow(/EEXIST/);
  });

  it('that are truncated are refused at every length', async () => {
    const whole = encodeSafetensors(EXAMPLE);
    const path = join(folder, 'cut.safetensors');
    for (let length = 0; length < whole.length; length++) {
      expect(() => decodeSafetensors(whole.subarray(0, length))).toThrow(UserError);
      if (length % 50 !== 0) continue;
      writeFileSync(path, whole.subarray(0, length));
      await expect(SafetensorsFile.open(path, 'weights')).rejects.toThrow(
        /^weights is no valid safetensors file/,
      );
    }
  });
});

const good = { dtype: 'F32', shape: [2], data_offsets: [0, 8] };

describe('malformed files', () => {
  it.each<[string, Uint8Array, RegExp]>([
    ['no length', Uint8Array.of(1, 2, 3), /header length: the file has 3 bytes/],
    [
      'length beyond the limit',
      Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 255, 0),
      /header length: 18374686479671623680 is more/,
    ],
    ['length beyond the file', fileOf('{}', 0).fill(9, 0, 1), /header length: 9 goes beyond/],
    ['no UTF-8', fileOf('{"a"', 0).fill(0xff, 8), /header: not valid JSON/],
    ['no JSON', fileOf('{"a"', 0), /header: not valid JSON/],
    ['no object', fileOf([1], 0), /header: not a JSON object/],
    ['metadata no object', fileOf({ __metadata__: 'x' }, 0), /__metadata__: not an object/],
    ['metadata no string', fileOf({ __metadata__: { k: 1 } }, 0), /__metadata__\.k: not a string/],
    ['tensor no object', fileOf({ w: null }, 0), /tensor 'w': not an object/],
    ['unknown field', fileOf({ w: { ...good, extra: 1 } }, 8), /tensor 'w', extra: no field/],
    ['dtype unknown', fileOf({ w: { ...good, dtype: 'F31' } }, 8), /tensor 'w', dtype: "F31" is none of F64/],
    ['dtype missing', fileOf({ w: { shape: [2], data_offsets: [0, 8] } }, 8), /tensor 'w', dtype: undefined/],
    ['dtype of a prototype', fileOf({ w: { ...good, dtype: 'constructor' } }, 8), /tensor 'w', dtype/],
    ['shape negative', fileOf({ w: { ...good, shape: [-2] } }, 8), /tensor 'w', shape: \[-2\] is no list/],
    ['shape fractional', fileOf({ w: { ...good, shape: [0.5] } }, 8), /tensor 'w', shape/],
    ['shape no list', fileOf({ w: { ...good, shape: 2 } }, 8), /tensor 'w', shape/],
    [
      'shape overflows',
      fileOf({ w: { ...good, shape: [2 ** 40, 2 ** 40] } }, 8),
      /tensor 'w', shape: .* too large/,
    ],
    [
      'one offset',
      fileOf({ w: { ...good, data_offsets: [0] } }, 8),
      /tensor 'w', data_offsets: \[0\] is no pair/,
    ],
    [
      'offsets reversed',
      fileOf({ w: { ...good, data_offsets: [8, 0] } }, 8),
      /tensor 'w', data_offsets: \[8, 0\] are -8 bytes/,
    ],
    [
      'shape and size differ',
      fileOf({ w: { ...good, shape: [3] } }, 8),
      /are 8 bytes where F32 of shape \[3\] has 12/,
    ],
    ['beyond the data', fileOf({ w: good }, 7), /tensor 'w', data_offsets: \[0, 8\] go beyond the 7 bytes/],
    ['trailing bytes', fileOf({ w: good }, 9), /data: 1 bytes too many/],
    [
      'gap',
      fileOf({ w: { ...good, data_offsets: [4, 12] } }, 12),
      /tensor 'w', data_offsets: \[4, 12\] leave a gap after 0/,
    ],
    [
      'overlap',
      fileOf({ v: good, w: { ...good, data_offsets: [4, 12] } }, 12),
      /tensor 'w', data_offsets: \[4, 12\] overlap/,
    ],
    [
      'unaligned',
      fileOf(
        { b: { dtype: 'U8', shape: [1], data_offsets: [0, 1] }, w: { ...good, data_offsets: [1, 9] } },
        9,
      ),
      /tensor 'w', data_offsets: 1 is not aligned to the 4 bytes/,
    ],
    [
      'a name twice',
      fileOf(`{"w":${JSON.stringify(good)},"\\u0077":${JSON.stringify(good)}}`, 8),
      /the name .* twice/,
    ],
    [
      'a field twice',
      fileOf('{"w":{"dtype":"F32","dtype":"I32","shape":[2],"data_offsets":[0,8]}}', 8),
      /twice/,
    ],
  ])('%s', (_, bytes, message) => {
    expect(() => decodeSafetensors(bytes, 'weights.safetensors')).toThrow(UserError);
    expect(() => decodeSafetensors(bytes, 'weights.safetensors')).toThrow(message);
    expect(() => decodeSafetensors(bytes, 'weights.safetensors')).toThrow(
      /^weights\.safetensors is no valid/,
    );
  });
});

describe("Python's safetensors", () => {
  const python = process.env.TFJS_METHODS_PYTHON ?? 'python3';
  const run = (script: string, ...args: string[]) =>
    execFileSync(python, ['-c', script, ...args], { encoding: 'utf8', stdio: 'pipe' });
  const missing = (() => {
    try {
      run('import safetensors.numpy');
      return undefined;
    } catch {
      return `${python} has no safetensors; TFJS_METHODS_PYTHON names another Python`;
    }
  })();

  it('reads our files', (context) => {
    if (missing !== undefined) context.skip(missing);
    const path = join(folder, 'ours.safetensors');
    const tensors = new Map([...EXAMPLE].filter(([name]) => name !== 'bits')); // numpy has no bfloat16
    writeFileSync(path, encodeSafetensors(tensors, { step: '12' }));
    const script = `
import json, sys, safetensors
with safetensors.safe_open(sys.argv[1], 'numpy') as f:
    tensors = {k: f.get_tensor(k) for k in f.keys()}
    print(json.dumps([f.metadata(), {k: [str(v.dtype), list(v.shape), v.tobytes().hex()] for k, v in tensors.items()}]))`;
    const [metadata, read] = JSON.parse(run(script, path)) as [
      unknown,
      Record<string, [string, number[], string]>,
    ];
    expect(metadata).toEqual({ step: '12' });
    expect(Object.keys(read).sort()).toEqual([...tensors.keys()].sort());
    for (const [name, { shape, data }] of tensors) {
      const hex = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex');
      expect(read[name]?.slice(1)).toEqual([shape, hex]);
    }
    expect(read.weights?.[0]).toBe('float32');
  });

  it('writes files that we read', async (context) => {
    if (missing !== undefined) context.skip(missing);
    const path = join(folder, 'theirs.safetensors');
    run(
      `import sys, numpy as np, safetensors.numpy as s
s.save_file({'b': np.arange(6, dtype=np.float32).reshape(2, 3), 'a': np.array([True, False]), 's': np.array(5, dtype=np.int64)}, sys.argv[1], {'k': 'v'})`,
      path,
    );
    const { tensors, metadata } = decodeSafetensors(readFileSync(path));
    expect(metadata).toEqual({ k: 'v' });
    expect(tensors.get('b')).toEqual({
      dtype: 'F32',
      shape: [2, 3],
      data: Float32Array.of(0, 1, 2, 3, 4, 5),
    });
    expect(tensors.get('a')).toEqual({ dtype: 'BOOL', shape: [2], data: Uint8Array.of(1, 0) });
    expect(tensors.get('s')).toEqual({ dtype: 'I64', shape: [], data: BigInt64Array.of(5n) });
  });
});
