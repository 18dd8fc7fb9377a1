import type { SafeTensor } from '../../training/index.ts';

/** Types that weights come in. */
export const FLOAT_DTYPES = ['F32', 'F16', 'BF16', 'F64'] as const;

/**
 * The numbers of a tensor in float32: exact for F32, F16 and BF16, rounded for F64.
 * @throws RangeError for a type that is none of `FLOAT_DTYPES`
 */
export function floatValues({ dtype, data }: SafeTensor): Float32Array {
  switch (dtype) {
    case 'F32':
      return data as Float32Array;
    case 'F64':
      return Float32Array.from(data as Float64Array);
    case 'BF16': {
      const bits = Uint32Array.from(data as Uint16Array, (half) => half << 16);
      return new Float32Array(bits.buffer);
    }
    case 'F16':
      return Float32Array.from(data as Uint16Array, halfValue);
    default:
      throw new RangeError(`${dtype} is no type of weights.`);
  }
}

/** IEEE 754 binary16: sign, 5 bits of exponent, 10 of fraction. */
function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
