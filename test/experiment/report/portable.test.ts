import { describe, expect, it } from 'vitest';
import { portable } from '../../../src/experiment/report/portable.ts';

describe('portable', () => {
  it.each([
    ['/home/somebody/novel.txt', 'novel.txt'],
    ['--data=/home/somebody/novel.txt', '--data=novel.txt'],
    ['read /a/b/c.txt and "/d/e/f g".', 'read c.txt and "f g".'],
    ['~/secret/novel.txt', 'novel.txt'],
    ['file:///home/somebody/x.json', 'x.json'],
    ['C:\\Users\\somebody\\novel.txt', 'novel.txt'],
    // No paths of a machine.
    ['runs/came-convergence', 'runs/came-convergence'],
    ['85 tokens/s, 1/2 of it', '85 tokens/s, 1/2 of it'],
    ['https://example.org/a/b', 'https://example.org/a/b'],
  ])('%s becomes %s', (text, expected) => {
    expect(portable(text)).toBe(expected);
  });

  it('drops keys that name a machine, at any depth, and keeps everything else as it was', () => {
    const value = { a: [{ host: 'x', pid: 1, hostname: 'y', n: 1 }], b: null, c: true, d: { host: 'z' } };
    expect(portable(value)).toEqual({ a: [{ n: 1 }], b: null, c: true, d: {} });
  });

  it('replaces the names of hosts in sentences, and no other words', () => {
    expect(portable('lost box-17.example.org at 3', ['box-17.example.org'])).toBe('lost host at 3');
    expect(portable('box-17x and my-box-17', ['box-17'])).toBe('box-17x and my-box-17');
    expect(portable('came is an optimizer', ['came'])).toBe('came is an optimizer');
  });
});
