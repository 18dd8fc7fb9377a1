import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** JSON that goes over a line. */
export type Message = Readonly<Record<string, unknown>>;

/** A child that ended without an answer. */
export class ProcessEnded extends Error {
  override readonly name: string = 'ProcessEnded';
  /** Null where it ended by itself. */
  readonly signal: NodeJS.Signals | null;
  /** The last lines that it wrote to stderr. */
  readonly lastWords: readonly string[];

  constructor(message: string, signal: NodeJS.Signals | null, lastWords: readonly string[]) {
    super([message, ...lastWords].join('\n  '));
    this.signal = signal;
    this.lastWords = lastWords;
  }
}

interface Ending {
  readonly how: string;
  readonly signal: NodeJS.Signals | null;
}

/** The child's words when it ends without an answer: enough to see what was missing. */
const KEPT_ERROR_LINES = 12;

/**
 * A child process that answers questions, one JSON object a line: `{"command": …}` on its stdin,
 * `{"result": …}` or `{"error": …}` on its stdout. Lines that are no JSON object are somebody's print and are passed over.
 * What it reports in between is `{"event": …}`. It computes only while a question is open. Its other half is `answerLines` here and `protocol.py` in Python.
 */
export class LineProcess {
  readonly name: string;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #errors: string[] = [];
  /** What V8 says when it gives up; a long trace follows. */
  #fatal: string | undefined;
  readonly #ended: Promise<Ending>;
  readonly #onEvent: ((event: Message) => void) | undefined;
  #waiting: { resolve(result: Message): void; reject(error: Error): void } | undefined;
  #end: ProcessEnded | undefined;

  /**
   * @param env added to this process's environment
   * @param onEvent told of what the child reports
   */
  constructor(
    name: string,
    command: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    onEvent?: (event: Message) => void,
  ) {
    this.name = name;
    this.#onEvent = onEvent;
    this.#child = spawn(command, [...args], {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child.stdin.on('error', () => {}); // a child that has ended is reported by 'close'
    createInterface(this.#child.stdout).on('line', (line) => this.#read(line));
    createInterface(this.#child.stderr).on('line', (line) => {
      if (line.startsWith('FATAL ERROR')) this.#fatal = line;
      this.#errors.push(line);
      if (this.#errors.length > KEPT_ERROR_LINES) this.#errors.shift();
    });
    this.#ended = new Promise((resolve) => {
      this.#child.on('error', (error) => resolve({ how: error.message, signal: null }));
      this.#child.on('close', (code, signal) =>
        resolve({ how: `ended with ${signal ?? `exit code ${code}`}`, signal }),
      );
    });
    void this.#ended.then(({ how, signal }) => {
      const fatal = this.#fatal === undefined ? [] : [this.#fatal];
      this.#end = new ProcessEnded(`${name}: ${how}`, signal, [...fatal, ...this.#errors]);
      this.#settle()?.reject(this.#end);
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** True once it answers no more. */
  get ended(): boolean {
    return this.#end !== undefined;
  }

  /**
   * Puts one question and waits for its answer; one at a time.
   * @throws Error with the child's own words if it answers `error`, ProcessEnded if it ends
   */
  ask(command: string, details: Message = {}): Promise<Message> {
    if (this.#waiting !== undefined) throw new Error(`${this.name} is still busy`);
    if (this.#end !== undefined) return Promise.reject(this.#end);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.tell(command, details);
    });
  }

  /** Tells something that is not answered; also while a question is open. */
  tell(command: string, details: Message = {}): void {
    this.#child.stdin.write(`${JSON.stringify({ ...details, command })}\n`);
  }

  /** Ends the child: politely by closing its stdin, or at once if it is in the middle of a question. */
  async close(): Promise<void> {
    if (this.#waiting !== undefined) this.#child.kill('SIGKILL');
    this.#child.stdin.end();
    await this.#ended;
  }

  #read(line: string): void {
    const answer = line.startsWith('{') ? parse(line) : undefined;
    if (answer === undefined) return;
    if (answer.event !== undefined) {
      this.#onEvent?.(answer);
      return;
    }
    const waiting = this.#settle();
    if (typeof answer.error === 'string') waiting?.reject(new Error(`${this.name}: ${answer.error}`));
    else waiting?.resolve(answer.result as Message);
  }

  #settle() {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    return waiting;
  }
}

export type Answerers = Readonly<Record<string, (details: Message) => Promise<Message> | Message>>;

/** The child's half: answers every line of stdin with the function its command names, until stdin ends. */
export async function answerLines(answerers: Answerers): Promise<void> {
  // Ctrl-C reaches the whole group; the parent decides, and closes our stdin.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
  for await (const line of createInterface(process.stdin)) {
    const question = JSON.parse(line) as Message & { command: string };
    let answer: Message;
    try {
      const answerer = answerers[question.command];
      if (answerer === undefined) throw new Error(`unknown command '${question.command}'`);
      answer = { result: await answerer(question) };
    } catch (error) {
      answer = { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
}

function parse(line: string): Message | undefined {
  try {
    return JSON.parse(line) as Message;
  } catch {
    return undefined;
  }
}
