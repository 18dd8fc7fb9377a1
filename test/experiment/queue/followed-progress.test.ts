import { expect, it } from 'vitest';
import type { JobProgress } from '../../../src/experiment/queue/cell-job.ts';
import { FollowedProgress } from '../../../src/experiment/queue/followed-progress.ts';

it('counts on where another worker goes on with a cell', () => {
  const calls: string[] = [];
  const followed = new FollowedProgress({
    note: (text) => void calls.push(text),
    warn: (text) => void calls.push(`Warning: ${text}`),
    expect: (id, units) => void calls.push(`${id} expects ${units}`),
    advance: (id, { step }, units) => void calls.push(`${id} is at ${step}, ${units} more`),
  });
  const tell = (told: Partial<JobProgress>) =>
    followed.follow('a', { attempt: '1', expected: 10, done: 0, state: null, said: [], ...told });
  tell({ said: [{ level: 'warn', text: 'slow' }] });
  tell({ done: 4, state: { label: 'a', step: 4 } });
  // The second worker starts from the checkpoint at step 3, so that seven steps are left; one of them was told already.
  tell({ attempt: '2', expected: 7 });
  tell({ attempt: '2', expected: 7, done: 7, state: { label: 'a', step: 10 } });
  expect(calls).toEqual([
    'Warning: slow',
    'a expects 10',
    'a is at 4, 4 more',
    'a expects 1',
    'a is at 10, 7 more',
  ]);
});
