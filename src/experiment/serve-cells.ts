import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';
import { UserError } from '../errors.ts';
import { packError } from './carried-error.ts';
import type { Cell } from './cells.ts';
import type { CellRunner, Experiment } from './experiment.ts';
import type { Message } from './line-process.ts';
import type { CellSpec } from './process-executor.ts';
import { reportProgress } from './reported-progress.ts';

/**
 * The whole of a process that computes cells for a parent, the other half of `createProcessExecutor`: `start` with a CellSpec,
 * then `run` with one cell after another, on stdin; answers and events on stdout. `stop` makes the cell in flight save and give
 * up. Ends when stdin ends, or when the parent is gone.
 */
export function serveCells(find: (name: string) => Promise<Experiment>): void {
  // stdout is for answers
  console.log = console.error;
  console.info = console.error;
  // Ctrl-C reaches the whole group: the parent decides.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
  process.stdout.on('error', () => process.exit(1));
  endWithParent();

  const stop = new AbortController();
  const { progress, flush, attribute } = reportProgress(send);
  let runner: CellRunner | undefined;
  let busy = false;

  const answerers: Readonly<Record<string, (question: Message) => Promise<Message>>> = {
    async start(question) {
      const spec = question.spec as CellSpec;
      const experiment = await find(spec.experiment);
      const { useBackend } = await import('../backends/index.ts');
      const backend = await useBackend(spec.backend);
      runner = await experiment.startCells({
        preset: spec.preset,
        config: spec.config,
        seeds: spec.seeds,
        backend,
        data: await readData(spec.data),
        peers: spec.peers ?? undefined,
        progress,
        signal: stop.signal,
      });
      return { backend };
    },
    async run(question) {
      const cell = question.cell as Cell;
      if (runner === undefined) throw new Error('start comes first');
      attribute(cell.id);
      const started = new Date().toISOString();
      const begun = performance.now();
      const result = await runner.run(cell, question.folder as string);
      return { result, started, seconds: Number(((performance.now() - begun) / 1000).toFixed(3)) };
    },
  };
  const answer = async (question: Message) => {
    busy = true;
    let result: Message;
    try {
      const answerer = answerers[question.command as string];
      if (answerer === undefined) throw new Error(`unknown command '${question.command}'`);
      result = await answerer(question);
    } catch (error) {
      result = { failed: packError(error) };
    }
    flush();
    busy = false;
    send({ result });
  };

  createInterface(process.stdin)
    .on('line', (line) => {
      const question = JSON.parse(line) as Message;
      if (question.command === 'stop') stop.abort();
      else void answer(question);
    })
    .on('close', async () => {
      // The parent closes while we are idle, and dies at any time.
      if (!busy) await runner?.dispose();
      process.exit(0);
    });
}

function send(message: Message): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

async function readData(data: CellSpec['data']) {
  if (data === null) return undefined;
  const { readTextFile } = await import('../data/text-file.ts');
  const text = await readTextFile(data.path);
  if (text.sha256 === data.sha256) return text;
  throw new UserError(
    `${data.path} has changed since the run was begun. Put the old text back, or start anew.`,
    3,
  );
}

/** A thread that looks for the parent: this one may be in a long step when the parent is killed, and must not write after it. */
function endWithParent(): void {
  const watch = `setInterval(() => { if (process.ppid !== ${process.ppid}) process.kill(process.pid, 'SIGKILL') }, 100)`;
  new Worker(watch, { eval: true, execArgv: [], env: {} }).unref();
}
