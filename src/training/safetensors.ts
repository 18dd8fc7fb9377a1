import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { endianness } from 'node:os';
import {
  byteSize,
  DTYPES,
  type Dtype,
  type Header,
  headerBytes,
  headerLength,
  LENGTH_BYTES,
  parseHeader,
  type TensorData,
  type TensorInfo,
} from './safetensors-header.ts';

/**
 * The safetensors format: the length of a JSON header (uint64, little-endian), the header, and the tensors' bytes, little-endian and
 * row-major. https://github.com/huggingface/safetensors#format
 */
export interface SafeTensor {
  readonly dtype: Dtype;
  /** [] is a scalar. */
  readonly shape: readonly number[];
  /** Row-major; F16, BF16 and 8-bit floats as their bits, BOOL as 0 and 1. */
  readonly data: TensorData;
}

/** A tensor to be written, whose data is fetched only when its turn comes. */
export interface PendingTensor extends Omit<SafeTensor, 'data'> {
  readonly read: () => Promise<TensorData>;
}

export interface Safetensors {
  readonly tensors: ReadonlyMap<string, SafeTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * The file of these tensors as bytes. Wider elements come first, so that each tensor is aligned; otherwise the order is kept.
 * @throws RangeError if data and shape disagree; UserError on the reserved name `__metadata__`
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, SafeTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const ordered = inOrder(tensors);
  const header = headerBytes(ordered, metadata);
  const parts = [header, ...ordered.map(([name, tensor]) => rawBytes(name, tensor, tensor.data))];
  const bytes = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/**
 * Reads a file that is in memory. The tensors' data are copies.
 *
 * @param where what to call the file in messages
 * @throws UserError (exit code 3) naming the field that is wrong, if the file is malformed or truncated
 */
export function decodeSafetensors(bytes: Uint8Array, where = 'The data'): Safetensors {
  const length = headerLength(bytes.subarray(0, LENGTH_BYTES), bytes.length, where);
  const json = bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + length);
  const { tensors, metadata, dataStart } = parseHeader(json, bytes.length, where);
  const decoded = [...tensors].map(([name, info]) => {
    const raw = new Uint8Array(bytes.subarray(dataStart + info.begin, dataStart + info.end));
    return [name, fromRaw(info, raw)] as const;
  });
  return { tensors: new Map(decoded), metadata };
}

/**
 * Writes a new file, one tensor in memory at a time, and fsyncs it.
 * @returns its size in bytes and the sha256 in hexadecimal
 * @throws the error of the file system as it is: the caller knows what to clean up
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, PendingTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<{ bytes: number; sha256: string }> {
  const ordered = inOrder(tensors);
  const hash = createHash('sha256');
  let bytes = 0;
  const file = await open(path, 'wx');
  try {
    const append = async (part: Uint8Array): Promise<void> => {
      hash.update(part);
      bytes += part.length;
      await file.writeFile(part);
    };
    await append(headerBytes(ordered, metadata));
    for (const [name, tensor] of ordered) await append(rawBytes(name, tensor, await tensor.read()));
    await file.sync();
  } finally {
    await file.close();
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** A file open for reading, one tensor at a time. */
export class SafetensorsFile {
  readonly header: Header;
  readonly #file: FileHandle;

  private constructor(file: FileHandle, header: Header) {
    this.#file = file;
    this.header = header;
  }

  /**
   * @param where what to call the file in messages
   * @throws UserError (exit code 3) naming the field that is wrong, if the file is malformed or truncated
   */
  static async open(path: string, where = path): Promise<SafetensorsFile> {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const length = headerLength(await readAt(file, 0, Math.min(size, LENGTH_BYTES)), size, where);
      return new SafetensorsFile(file, parseHeader(await readAt(file, LENGTH_BYTES, length), size, where));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** @throws RangeError if there is no tensor of this name */
  async read(name: string): Promise<SafeTensor> {
    const info = this.header.tensors.get(name);
    if (info === undefined) throw new RangeError(`There is no tensor '${name}'.`);
    return fromRaw(info, await readAt(this.#file, this.header.dataStart + info.begin, info.end - info.begin));
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(bytes, done, length - done, position + done);
    if (bytesRead === 0) throw new RangeError('The file has become shorter while it was read.');
    done += bytesRead;
  }
  return bytes;
}

function inOrder<T extends { readonly dtype: Dtype }>(tensors: ReadonlyMap<string, T>): [string, T][] {
  const width = ([, { dtype }]: [string, T]) => DTYPES[dtype].BYTES_PER_ELEMENT;
  return [...tensors].sort((a, b) => width(b) - width(a)); // stable
}

function rawBytes(name: string, { dtype, shape }: Omit<SafeTensor, 'data'>, data: TensorData): Uint8Array {
  requireLittleEndian();
  if (!(data instanceof DTYPES[dtype]))
    throw new RangeError(`The data of tensor '${name}' is no array of ${dtype}.`);
  if (data.byteLength !== byteSize(dtype, shape)) {
    throw new RangeError(
      `Tensor '${name}' has ${data.length} elements, its shape [${shape}] another number.`,
    );
  }
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** @param raw begins at the start of its buffer */
function fromRaw({ dtype, shape }: TensorInfo, raw: Uint8Array): SafeTensor {
  requireLittleEndian();
  return { dtype, shape, data: new DTYPES[dtype](raw.buffer as ArrayBuffer) };
}

function requireLittleEndian(): void {
  if (endianness() !== 'LE') throw new Error('safetensors is implemented for little-endian machines only.');
}
