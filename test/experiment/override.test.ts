import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { knownKeys, override } from '../../src/experiment/override.ts';

const defaults = {
  steps: 100,
  name: 'a',
  tied: true,
  rates: [1, 2],
  words: ['x'],
  came: { beta3: 0.9999, learningRates: [1e-3] },
};

describe('override', () => {
  it('types each value by the one it replaces, and leaves the defaults alone', () => {
    const before = structuredClone(defaults);
    const settings = [
      'steps=7',
      'name=1e3',
      'tied=false',
      'rates=3e-4,1e-3',
      'words=["p","q"]',
      'came.beta3=0.99',
    ];
    expect(override(defaults, settings)).toEqual({
      steps: 7,
      name: '1e3',
      tied: false,
      rates: [3e-4, 1e-3],
      words: ['p', 'q'],
      came: { beta3: 0.99, learningRates: [1e-3] },
    });
    expect(defaults).toEqual(before);
  });

  it('keeps an equals sign in a text, and lets the last of two win', () => {
    expect(override(defaults, ['name=a=b', 'steps=1', 'steps=2'])).toMatchObject({ name: 'a=b', steps: 2 });
  });

  it('lists every key by its dotted name', () => {
    expect(knownKeys(defaults)).toEqual([
      'steps',
      'name',
      'tied',
      'rates',
      'words',
      'came.beta3',
      'came.learningRates',
    ]);
  });

  it.each([
    ['step=3', /no such key\. Did you mean steps\? Known keys: steps, name/],
    ['beta3=1', /Did you mean came\.beta3\?/],
    ['came=1', /no such key/],
    ['came.beta3.x=1', /no such key/],
    ['constructor=1', /no such key/],
    ['came.toString=1', /no such key/],
    ['steps', /key=value/],
    ['=3', /key=value/],
    ['steps=', /a number/],
    ['steps=many', /"many" is not a finite one/],
    ['steps=Infinity', /not a finite one/],
    ['tied=yes', /true or false/],
    ['rates=1,,2', /is a list such as 1,2/],
    ['rates=', /is a list/],
    ['rates=1,x', /"x" is not a finite one/],
  ])('refuses --set %s', (setting, message) => {
    expect(() => override(defaults, [setting])).toThrow(UserError);
    expect(() => override(defaults, [setting])).toThrow(message);
  });
});
