import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface DecodedValue {
  readonly tag: string;
  readonly scalar?: number;
  readonly plugin?: string;
  readonly text?: string;
}

export interface DecodedEvent {
  readonly wallTime: number;
  readonly step: number;
  readonly fileVersion?: string;
  readonly values: readonly DecodedValue[];
}

/** Fields of a protobuf message by number: numbers for varints, bytes for the rest. */
type Fields = Map<number, (number | Buffer)[]>;

/** Independent of src: TFRecord, CRC-32C and protobuf in plain code. Throws where anything is cut off or damaged. */
export function decodeEvents(file: Buffer): DecodedEvent[] {
  const events: DecodedEvent[] = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    checkCrc(file.subarray(at, at + 8), file.readUInt32LE(at + 8));
    const data = file.subarray(at + 12, at + 12 + length);
    checkCrc(data, file.readUInt32LE(at + 12 + length));
    events.push(decodeEvent(data));
    at += 16 + length;
  }
  return events;
}

/** The events of all files of a folder, in the order of their names. */
export function decodeFolder(folder: string): DecodedEvent[] {
  const files = readdirSync(folder).filter((name) => name.includes('.tfevents.'));
  return files.sort().flatMap((name) => decodeEvents(readFileSync(join(folder, name))));
}

function decodeEvent(data: Buffer): DecodedEvent {
  const event = fieldsOf(data);
  const version = event.get(3)?.[0];
  return {
    wallTime: bytesOf(event, 1).readDoubleLE(),
    step: (event.get(2)?.[0] as number | undefined) ?? 0,
    ...(version !== undefined && { fileVersion: version.toString() }),
    values: (event.get(5) ?? []).flatMap((summary) =>
      (fieldsOf(summary as Buffer).get(1) ?? []).map((value) => decodeValue(fieldsOf(value as Buffer))),
    ),
  };
}

function decodeValue(value: Fields): DecodedValue {
  const tag = bytesOf(value, 1).toString();
  const scalar = value.get(2)?.[0] as Buffer | undefined;
  if (scalar !== undefined) return { tag, scalar: scalar.readFloatLE() };
  const pluginData = fieldsOf(bytesOf(fieldsOf(bytesOf(value, 9)), 1));
  const text = fieldsOf(bytesOf(value, 8)).get(8)?.[0];
  return {
    tag,
    plugin: `${pluginData.get(1)?.[0]}`,
    ...(text !== undefined && { text: text.toString() }),
  };
}

function bytesOf(fields: Fields, field: number): Buffer {
  const value = fields.get(field)?.[0];
  if (!Buffer.isBuffer(value)) throw new Error(`field ${field} is missing`);
  return value;
}

function fieldsOf(message: Buffer): Fields {
  const fields: Fields = new Map();
  let at = 0;
  const varint = () => {
    let [value, factor] = [0, 1];
    for (;;) {
      const byte = message.readUInt8(at++);
      value += (byte & 127) * factor;
      factor *= 128;
      if (byte < 128) return value;
    }
  };
  const bytes = (length: number) => {
    if (at + length > message.length) throw new Error('a field is cut off');
    at += length;
    return message.subarray(at - length, at);
  };
  while (at < message.length) {
    const key = varint();
    const type = key % 8;
    let value: number | Buffer;
    if (type === 0) value = varint();
    else if (type === 1) value = bytes(8);
    else if (type === 2) value = bytes(varint());
    else if (type === 5) value = bytes(4);
    else throw new Error(`wire type ${type}`);
    const field = Math.floor(key / 8);
    fields.set(field, [...(fields.get(field) ?? []), value]);
  }
  return fields;
}

function checkCrc(data: Buffer, masked: number): void {
  const rotated = (masked - 0xa282ead8) >>> 0;
  const stored = ((rotated << 15) | (rotated >>> 17)) >>> 0;
  if (stored !== crc32c(data)) throw new Error('a CRC does not fit');
}

/** Bit by bit, polynomial 0x1EDC6F41 reflected. */
export function crc32c(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}
