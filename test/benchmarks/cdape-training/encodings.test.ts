import { expect, it } from 'vitest';
import { chosenEncodings, encodingNames } from '../../../benchmarks/cdape-training/encodings.ts';
import { POSITION_ENCODINGS } from '../../../methods/cdape/index.ts';

it('every encoding of the method has a title, in its order', () => {
  expect(encodingNames).toEqual(POSITION_ENCODINGS);
});

it('all means all', () => {
  expect(chosenEncodings(['all'])).toEqual(POSITION_ENCODINGS);
  expect(chosenEncodings(['rope', 'none'])).toEqual(['rope', 'none']);
  expect(() => chosenEncodings(['all', 'rope'])).toThrow(/there is no 'all'/);
});
