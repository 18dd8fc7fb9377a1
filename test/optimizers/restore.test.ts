import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { matchSaved } from '../../src/optimizers/restore.ts';

const match = (variables: string[], saved: string[]) =>
  Object.fromEntries(matchSaved('CAME', variables, saved));

describe('matchSaved', () => {
  it('takes exact names, whatever the order', () => {
    expect(match(['a', 'b'], ['b', 'a'])).toEqual({ a: 1, b: 0 });
  });

  it('prefers the exact name to the one without a number', () => {
    expect(match(['d/kernel', 'd/kernel_1'], ['d/kernel_1', 'd/kernel'])).toEqual({
      'd/kernel': 1,
      'd/kernel_1': 0,
    });
  });

  it('finds names that a reload gave a number', () => {
    expect(match(['d1/kernel_2', 'd1/bias_2'], ['d1/bias', 'd1/kernel'])).toEqual({
      'd1/kernel_2': 1,
      'd1/bias_2': 0,
    });
  });

  it('keeps the order of several that differ by their number only', () => {
    expect(match(['k_4', 'k_5'], ['k', 'k_1'])).toEqual({ k_4: 0, k_5: 1 });
  });

  it('goes by position for unnamed variables, even where a number recurs', () => {
    expect(match(['17', '18'], ['16', '17'])).toEqual({ 17: 0, 18: 1 });
    expect(match(['17', '16'], ['16', '17'])).toEqual({ 17: 1, 16: 0 });
  });

  it('goes by position where no name matches at all', () => {
    expect(match(['x', 'y'], ['a', 'b'])).toEqual({ x: 0, y: 1 });
  });

  it('leaves a new variable without state, and state without its variable, where other names match', () => {
    expect(match(['body', 'newHead'], ['body', 'oldHead'])).toEqual({ body: 0 });
    expect(match(['body'], ['body', 'head'])).toEqual({ body: 0 });
  });

  it('refuses to guess', () => {
    expect(() => match(['k_4'], ['k', 'k_1'])).toThrow(UserError);
    expect(() => match(['x'], ['a', 'b'])).toThrow(/'a', 'b'.*'x'/);
  });
});
