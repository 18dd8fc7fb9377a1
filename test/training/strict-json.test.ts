import { expect, it } from 'vitest';
import { parseStrictJson } from '../../src/training/strict-json.ts';

it.each([
  '{}',
  '{"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}]}',
  '{"a":"\\"a\\": {[","b":"}\\\\"}',
  '["a","a"]',
  '{"a":"a","b":"a"}',
  '3',
])('reads %s as JSON.parse does', (text) => {
  expect(parseStrictJson(text)).toEqual(JSON.parse(text));
});

it.each(['{"a":1,"a":1}', '{"a":1, "\\u0061" : 2}', '{"x":[{"a":[],"b":{},"a":0}]}', '{"":1,"":2}'])(
  'refuses the repeated name in %s',
  (text) => {
    expect(() => parseStrictJson(text)).toThrow(/occurs twice/);
  },
);

it('refuses what is not JSON', () => {
  expect(() => parseStrictJson('{"a":')).toThrow(SyntaxError);
});
