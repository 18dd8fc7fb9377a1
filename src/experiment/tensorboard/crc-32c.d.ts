// crc-32 has types for its CRC-32 alone.
declare module 'crc-32/crc32c.js' {
  const castagnoli: {
    /** The CRC-32C as a signed 32-bit integer. */
    buf(data: Uint8Array): number;
  };
  export default castagnoli;
}
