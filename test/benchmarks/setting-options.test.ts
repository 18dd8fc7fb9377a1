import { describe, expect, it } from 'vitest';
import { settingOptions } from '../../benchmarks/commands/setting-options.ts';

const OPTIONS = ['--preset', '--set', '--data', '--out'];
const written = (line: string) => settingOptions(line.split(' '), OPTIONS);

describe('options of run that are settings of the experiment', () => {
  it.each([
    ['run came-convergence --model bert', 'run came-convergence --set model=bert'],
    ['run came-convergence --model=bert --out a', 'run came-convergence --set model=bert --out a'],
    [
      'run efficient-bert-glue --data-dir d --task cola',
      'run efficient-bert-glue --set dataDir=d --set task=cola',
    ],
    [
      'run efficient-bert-glue --skip-bad-rows --task cola',
      'run efficient-bert-glue --set skipBadRows=true --set task=cola',
    ],
    ['run efficient-bert-glue --skip-bad-rows false', 'run efficient-bert-glue --set skipBadRows=false'],
    ['run --small.width 32 efficient-bert-glue', 'run --set small.width=32 efficient-bert-glue'],
    ['run came-* --model lm', 'run came-* --set model=lm'],
  ])('%s', async (line, expected) => {
    expect((await written(line)).join(' ')).toBe(expected);
  });

  it('names what was meant', async () => {
    await expect(written('run came-convergence --modl bert')).rejects.toThrow(
      "unknown option '--modl'. Did you mean --model?",
    );
    await expect(written('run efficient-bert-glue --data-dirr d')).rejects.toThrow(
      'Did you mean --data-dir or --data?',
    );
  });

  it.each([
    'run came-convergence --presett smoke',
    'run came-convergence --nothing-like-it 3',
    'run came-convergence --data a.txt --preset smoke',
    'run cdape-associative-recall --model bert',
    'run came-convergence --model',
    'worker --model bert',
  ])('leaves %s to the command line', async (line) => {
    expect((await written(line)).join(' ')).toBe(line);
  });
});
