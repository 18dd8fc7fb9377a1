import { UserError } from '../errors.ts';
import { parseStrictJson } from './strict-json.ts';

/** Element types of the format and the arrays that hold them here; 16- and 8-bit floats as their bits. */
export const DTYPES = {
  F64: Float64Array,
  I64: BigInt64Array,
  U64: BigUint64Array,
  F32: Float32Array,
  I32: Int32Array,
  U32: Uint32Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  I16: Int16Array,
  U16: Uint16Array,
  F8_E4M3: Uint8Array,
  F8_E5M2: Uint8Array,
  I8: Int8Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
} as const;

export type Dtype = keyof typeof DTYPES;
export type TensorData =
  | Float64Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Int32Array
  | Uint32Array
  | Uint16Array
  | Int16Array
  | Uint8Array
  | Int8Array;

/** Where a tensor lies. Offsets in bytes from the end of the header. */
export interface TensorInfo {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

export interface Header {
  /** In the order of the data. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: Readonly<Record<string, string>>;
  /** Where the data begins in the file. */
  readonly dataStart: number;
}

/** Bytes of the header's length, a little-endian uint64. */
export const LENGTH_BYTES = 8;
/** The reference implementation refuses longer headers. */
const LONGEST_HEADER = 100_000_000;
const METADATA = '__metadata__';

export function byteSize(dtype: Dtype, shape: readonly number[]): number {
  return shape.reduce((size, n) => size * n, DTYPES[dtype].BYTES_PER_ELEMENT);
}

/**
 * Length and JSON of a file with these tensors in this order, padded with spaces so that the data begins at a multiple of 8.
 * @throws UserError on the reserved name `__metadata__`
 */
export function headerBytes(
  tensors: Iterable<readonly [name: string, { readonly dtype: Dtype; readonly shape: readonly number[] }]>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const entries: [string, unknown][] = Object.keys(metadata).length > 0 ? [[METADATA, metadata]] : [];
  let end = 0;
  for (const [name, { dtype, shape }] of tensors) {
    if (name === METADATA) throw new UserError(`A tensor cannot be called ${METADATA}.`);
    const begin = end;
    end += byteSize(dtype, shape);
    entries.push([name, { dtype, shape, data_offsets: [begin, end] }]);
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const padded = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(LENGTH_BYTES + padded).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.set(json, LENGTH_BYTES);
  return bytes;
}

/**
 * The length of the JSON, from the first 8 bytes.
 * @param where the file, for messages
 * @throws UserError (exit code 3) if it does not fit the file
 */
export function headerLength(start: Uint8Array, fileBytes: number, where: string): number {
  if (fileBytes < LENGTH_BYTES || start.length < LENGTH_BYTES) {
    throw refusal(
      where,
      `header length: the file has ${fileBytes} bytes where ${LENGTH_BYTES} hold the length`,
    );
  }
  const length = new DataView(start.buffer, start.byteOffset).getBigUint64(0, true);
  if (length > LONGEST_HEADER) {
    throw refusal(
      where,
      `header length: ${length} is more than the ${LONGEST_HEADER} that the format allows`,
    );
  }
  if (LENGTH_BYTES + Number(length) > fileBytes) {
    throw refusal(
      where,
      `header length: ${length} goes beyond the file's ${fileBytes} bytes; the file is truncated`,
    );
  }
  return Number(length);
}

/**
 * Reads and checks the JSON.
 * @throws UserError (exit code 3) that names the field which is wrong
 */
export function parseHeader(json: Uint8Array, fileBytes: number, where: string): Header {
  const raw = parseObject(json, where);
  const metadata = parseMetadata(raw[METADATA], where);
  const infos = Object.entries(raw)
    .filter(([name]) => name !== METADATA)
    .map(([name, value]) => [name, parseInfo(name, value, where)] as const)
    .sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  const dataStart = LENGTH_BYTES + json.length;
  requireContiguous(infos, fileBytes - dataStart, where);
  return { tensors: new Map(infos), metadata, dataStart };
}

function parseObject(json: Uint8Array, where: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = parseStrictJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(json));
  } catch (error) {
    throw refusal(where, `header: not valid JSON (${(error as Error).message})`);
  }
  if (!isRecord(value)) throw refusal(where, 'header: not a JSON object');
  return value;
}

function parseMetadata(value: unknown, where: string): Record<string, string> {
  if (value === undefined) return {};
  if (!isRecord(value)) throw refusal(where, `${METADATA}: not an object`);
  for (const [name, text] of Object.entries(value)) {
    if (typeof text !== 'string') throw refusal(where, `${METADATA}.${name}: not a string`);
  }
  return value as Record<string, string>;
}

function parseInfo(name: string, value: unknown, where: string): TensorInfo {
  const fail = (field: string, problem: string) => refusal(where, `tensor '${name}', ${field}: ${problem}`);
  if (!isRecord(value)) throw refusal(where, `tensor '${name}': not an object`);
  for (const field of Object.keys(value)) {
    if (!['dtype', 'shape', 'data_offsets'].includes(field)) throw fail(field, 'no field of the format');
  }
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !Object.hasOwn(DTYPES, dtype)) {
    throw fail('dtype', `${JSON.stringify(dtype)} is none of ${Object.keys(DTYPES).join(', ')}`);
  }
  if (!isCounts(shape)) throw fail('shape', `${JSON.stringify(shape)} is no list of sizes`);
  if (!isCounts(offsets) || offsets.length !== 2) {
    throw fail('data_offsets', `${JSON.stringify(offsets)} is no pair of offsets`);
  }
  const [begin, end] = offsets as [number, number];
  const size = byteSize(dtype as Dtype, shape);
  if (!Number.isSafeInteger(size)) throw fail('shape', `[${shape}] is too large`);
  if (end - begin !== size) {
    throw fail(
      'data_offsets',
      `[${begin}, ${end}] are ${end - begin} bytes where ${dtype} of shape [${shape}] has ${size}`,
    );
  }
  if (begin % DTYPES[dtype as Dtype].BYTES_PER_ELEMENT !== 0) {
    throw fail(
      'data_offsets',
      `${begin} is not aligned to the ${DTYPES[dtype as Dtype].BYTES_PER_ELEMENT} bytes of ${dtype}`,
    );
  }
  return { dtype: dtype as Dtype, shape, begin, end };
}

/** The tensors must fill the data without gap, overlap, or bytes left over. */
function requireContiguous(
  infos: readonly (readonly [string, TensorInfo])[],
  dataBytes: number,
  where: string,
): void {
  let position = 0;
  for (const [name, { begin, end }] of infos) {
    const field = `tensor '${name}', data_offsets`;
    if (begin < position)
      throw refusal(
        where,
        `${field}: [${begin}, ${end}] overlap the tensor before, which ends at ${position}`,
      );
    if (begin > position) throw refusal(where, `${field}: [${begin}, ${end}] leave a gap after ${position}`);
    if (end > dataBytes) {
      throw refusal(
        where,
        `${field}: [${begin}, ${end}] go beyond the ${dataBytes} bytes of data; the file is truncated`,
      );
    }
    position = end;
  }
  if (position < dataBytes) throw refusal(where, `data: ${dataBytes - position} bytes too many at the end`);
}

function refusal(where: string, problem: string): UserError {
  return new UserError(`${where} is no valid safetensors file: ${problem}.`, 3);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}
