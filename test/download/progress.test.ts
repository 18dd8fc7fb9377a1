import { describe, expect, it } from 'vitest';
import { streamProgress } from '../../src/download/progress.ts';

const GREEN = '\u001b[32m';

function collect(isTTY: boolean, env: NodeJS.ProcessEnv = {}) {
  let text = '';
  const stream = { isTTY, write: (part: string) => (text += part) };
  return { progress: streamProgress(stream, env), text: () => text };
}

function count(progress: ReturnType<typeof streamProgress>, label: string): void {
  for (let done = 1; done <= 200; done++) progress.bytes(label, done * 1e6, 200e6);
}

describe('streamProgress', () => {
  it('writes one plain line for every ten per cent where there is no terminal', () => {
    const { progress, text } = collect(false);
    count(progress, 'Downloading x');
    count(progress, 'Unpacking x');
    progress.line('ready');
    const lines = text().trimEnd().split('\n');
    expect(lines.slice(0, 2)).toEqual(['Downloading x: 0 % of 200 MB', 'Downloading x: 10 % of 200 MB']);
    expect(lines.filter((line) => line.startsWith('Unpacking'))).toHaveLength(11);
    expect(lines).toHaveLength(23);
    expect(text()).not.toContain('\u001b');
  });

  it('redraws one line on a terminal and ends it when complete', () => {
    const { progress, text } = collect(true);
    count(progress, 'Downloading x');
    expect(text().split('\n')).toHaveLength(2);
    expect(text()).toContain(`${GREEN}${'█'.repeat(30)}`);
    expect(text().endsWith('200 of 200 MB\n')).toBe(true);
  });

  it('honours NO_COLOR', () => {
    const { progress, text } = collect(true, { NO_COLOR: '1' });
    count(progress, 'Downloading x');
    expect(text()).toContain('█'.repeat(30));
    expect(text()).not.toContain(GREEN);
  });

  it('clears an open bar before a line of text', () => {
    const { progress, text } = collect(true, { NO_COLOR: '1' });
    progress.bytes('Downloading x', 1e6, 2e6);
    progress.line('pip failed');
    expect(text().endsWith('\r\u001b[2Kpip failed\n')).toBe(true);
  });
});
