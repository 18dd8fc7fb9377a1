import castagnoli from 'crc-32/crc32c.js';

// The TFRecord format, https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details:
//   uint64 length, uint32 masked CRC-32C of length, bytes, uint32 masked CRC-32C of bytes; all little endian.
const headerBytes = 12;
const footerBytes = 4;

export function frameRecord(data: Uint8Array): Uint8Array {
  const record = Buffer.alloc(headerBytes + data.length + footerBytes);
  record.writeBigUInt64LE(BigInt(data.length));
  record.writeUInt32LE(maskedCrc(record.subarray(0, 8)), 8);
  record.set(data, headerBytes);
  record.writeUInt32LE(maskedCrc(data), headerBytes + data.length);
  return record;
}

/** The records up to the end, or to the first that is cut off or damaged: what any reader of such a file gets to see. */
export function readRecords(file: Uint8Array): Uint8Array[] {
  const buffer = Buffer.from(file.buffer, file.byteOffset, file.length);
  const records: Uint8Array[] = [];
  for (let at = 0; at + headerBytes <= buffer.length; ) {
    const length = Number(buffer.readBigUInt64LE(at));
    const end = at + headerBytes + length;
    if (buffer.readUInt32LE(at + 8) !== maskedCrc(buffer.subarray(at, at + 8))) break;
    if (end + footerBytes > buffer.length) break;
    const data = buffer.subarray(at + headerBytes, end);
    if (buffer.readUInt32LE(end) !== maskedCrc(data)) break;
    records.push(data);
    at = end + footerBytes;
  }
  return records;
}

/** Rotated by 15 bits plus a constant, so that the CRC of data that holds CRCs is no special value (TSL's crc32c.h). */
function maskedCrc(data: Uint8Array): number {
  const crc = castagnoli.buf(data) >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
