import { vi } from 'vitest';

/** Calls the function and returns what it wrote to stdout beside its result. */
export async function captureStdout<T>(call: () => Promise<T>): Promise<{ result: T; text: string }> {
  let text = '';
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((piece) => {
    text += String(piece);
    return true;
  });
  try {
    return { result: await call(), text };
  } finally {
    spy.mockRestore();
  }
}
