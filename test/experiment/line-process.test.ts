import { afterEach, describe, expect, it } from 'vitest';
import { LineProcess } from '../../src/experiment/line-process.ts';

const open: LineProcess[] = [];
afterEach(async () => {
  for (const child of open.splice(0)) await child.close();
});

/** A child in plain JavaScript that handles each question with `body`. */
function child(body: string): LineProcess {
  const script = `require('readline').createInterface(process.stdin).on('line', (line) => { const question = JSON.parse(line); ${body} })`;
  const started = new LineProcess('the child', process.execPath, ['-e', script]);
  open.push(started);
  return started;
}

describe('LineProcess', () => {
  it('puts questions and reads answers, passing over what else is printed', async () => {
    const echo = child(
      `console.log('hello'); console.log(JSON.stringify({ result: { twice: 2 * question.n } }));`,
    );
    expect(await echo.ask('double', { n: 21 })).toEqual({ twice: 42 });
    expect(await echo.ask('double', { n: 4 })).toEqual({ twice: 8 });
  });

  it("reports the child's error and goes on", async () => {
    const picky = child(
      `console.log(JSON.stringify(question.n ? { result: {} } : { error: 'n is missing' }));`,
    );
    await expect(picky.ask('double')).rejects.toThrow('the child: n is missing');
    expect(await picky.ask('double', { n: 1 })).toEqual({});
  });

  it('reports a child that ends, with its last words, then and afterwards', async () => {
    const dying = child(`console.error('no such library'); process.exit(7);`);
    await expect(dying.ask('anything')).rejects.toThrow(/exit code 7[\s\S]*no such library/);
    await expect(dying.ask('anything')).rejects.toThrow('exit code 7');
  });

  it('reports a program that does not exist', async () => {
    const absent = new LineProcess('nobody', '/nonexistent/program', []);
    await expect(absent.ask('anything')).rejects.toThrow(/nobody: .*ENOENT/);
  });

  it('ends a child in the middle of a question at once', async () => {
    const slow = child(`setTimeout(() => {}, 60000);`);
    const answer = slow.ask('sleep').catch((error: Error) => error.message);
    await slow.close();
    expect(await answer).toContain('SIGKILL');
  });
});
