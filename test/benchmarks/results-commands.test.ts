import { Command, CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { addResultsCommands } from '../../benchmarks/commands/results-commands.ts';

function program(): Command {
  const made = new Command('cli').exitOverride().configureOutput({ writeErr: () => {} });
  addResultsCommands(made, { done: () => {}, invocation: 'cli' });
  for (const command of made.commands) command.exitOverride().configureOutput({ writeErr: () => {} });
  return made;
}

describe('the commands on finished runs', () => {
  it('are report, verify and compare, each with three examples', () => {
    const commands = program().commands;
    expect(commands.map((command) => command.name())).toEqual(['report', 'verify', 'compare']);
    for (const command of commands) {
      let help = '';
      command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
      expect(help.split('Examples:\n')[1]?.trim().split('\n'), command.name()).toHaveLength(3);
      expect(
        help.split('\n').filter((line) => line.length > 130),
        command.name(),
      ).toEqual([]);
    }
  });

  it.each([
    [['report', 'a', '--csv', '--json']],
    [['report', 'a', '--markdown', '--save']],
    [['report', 'a', '--save', '--out', 'b']],
    [['report', 'a', '--nothing']],
    [['verify']],
    [['compare', 'a']],
    [['compare', 'a', 'b', '--json', '--markdown']],
  ])('refuse %j', async (line) => {
    await expect(program().parseAsync(line, { from: 'user' })).rejects.toThrow(CommanderError);
  });

  it('state the numbers of the band that verify uses', async () => {
    const { intervalFactor, slowdownLimit } = await import('../../src/experiment/report/band.ts');
    let help = '';
    const verify = program().commands.find((command) => command.name() === 'verify') as Command;
    verify.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
    expect(help).toContain(`± ${intervalFactor} half-widths`);
    expect(help).toContain(`at most ${slowdownLimit} times slower`);
  });
});
