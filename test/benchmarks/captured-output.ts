import { vi } from 'vitest';

/** What a command writes to stdout while it runs in this process, and what it returns. */
export async function captured<T>(command: () => Promise<T>): Promise<{ stdout: string; result: T }> {
  let stdout = '';
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout += text;
    return true;
  });
  try {
    const result = await command();
    return { result, stdout };
  } finally {
    spy.mockRestore();
  }
}
