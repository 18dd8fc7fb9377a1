import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UserError } from '../../../src/errors.ts';
import { EventWriter } from '../../../src/experiment/tensorboard/index.ts';
import { readRecords } from '../../../src/experiment/tensorboard/record.ts';
import { crc32c, decodeEvents, decodeFolder } from './decode-events.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tensorboard-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const now = () => 1_700_000_000_250;

it('the CRC of the tests is CRC-32C', () => {
  // RFC 3720, B.4: 32 bytes of zeros, of ones, and 0 to 31
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, index) => index))).toBe(0x46dd794e);
});

describe('EventWriter', () => {
  it('writes the version, then scalars with tag, step, value and time', () => {
    const writer = new EventWriter(join(folder, 'a', 'b'), { now });
    writer.scalar('loss', 0, 2.5);
    writer.scalar('loss', 2 ** 40, -0.1, 12.5);
    writer.scalars({ loss: 1, 'Verlust/größer': 3 }, 7);
    writer.close();
    const time = 1_700_000_000.25;
    expect(decodeEvents(readFileSync(writer.path))).toEqual([
      { wallTime: time, step: 0, fileVersion: 'brain.Event:2', values: [] },
      { wallTime: time, step: 0, values: [{ tag: 'loss', scalar: 2.5 }] },
      { wallTime: 12.5, step: 2 ** 40, values: [{ tag: 'loss', scalar: Math.fround(-0.1) }] },
      {
        wallTime: time,
        step: 7,
        values: [
          { tag: 'loss', scalar: 1 },
          { tag: 'Verlust/größer', scalar: 3 },
        ],
      },
    ]);
    expect(writer.path).toMatch(/[\\/]a[\\/]b[\\/]events\.out\.tfevents\.1700000000\.[\w-]+\.\d+$/);
  });

  it('keeps what is no finite float32', () => {
    const writer = new EventWriter(folder, { now });
    for (const value of [Number.NaN, Number.NEGATIVE_INFINITY, 1e39]) writer.scalar('loss', 1, value);
    writer.close();
    const scalars = decodeFolder(folder).flatMap((event) => event.values.map(({ scalar }) => scalar));
    expect(scalars).toEqual([Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]);
  });

  it('writes text and hyper-parameters for their plugins', () => {
    const writer = new EventWriter(folder, { now });
    writer.text('config', '**ε** = 1');
    writer.hparams({ contestant: 'came', learningRate: 1e-3, tied: true });
    writer.close();
    const [, text, hparams] = decodeFolder(folder);
    expect(text?.values).toEqual([{ tag: 'config', plugin: 'text', text: '**ε** = 1' }]);
    expect(hparams?.values).toEqual([{ tag: '_hparams_/session_start_info', plugin: 'hparams' }]);
  });

  it('shows what was flushed before it is closed', () => {
    const writer = new EventWriter(folder, { now });
    writer.scalar('loss', 1, 1);
    writer.flush();
    expect(decodeFolder(folder)).toHaveLength(2);
    writer.scalar('loss', 2, 1);
    writer.flush();
    expect(decodeFolder(folder)).toHaveLength(3);
    writer.close();
    writer.close();
    expect(decodeFolder(folder)).toHaveLength(3);
    expect(() => writer.scalar('loss', 3, 1)).toThrow('is closed');
  });

  it('writes by itself once much is held back', () => {
    const writer = new EventWriter(folder, { now });
    for (let step = 0; step < 2000; step++) writer.scalar('loss', step, 1);
    expect(readFileSync(writer.path).length).toBeGreaterThan(60_000);
    writer.close();
    expect(decodeFolder(folder)).toHaveLength(2001);
  });

  it('begins a new file that is read last, though the clock went back', () => {
    for (const time of [1_700_000_000_000, 1_600_000_000_000, 1_600_000_000_000]) {
      const writer = new EventWriter(folder, { now: () => time });
      writer.scalar('time', 0, time / 1e9);
      writer.close();
    }
    expect(readdirSync(folder)).toHaveLength(3);
    const scalars = decodeFolder(folder).flatMap((event) => event.values.map(({ scalar }) => scalar));
    expect(scalars).toEqual([1700, 1600, 1600]);
  });

  it('refuses a step that is no whole number', () => {
    const writer = new EventWriter(folder, { now });
    expect(() => writer.scalar('loss', 0.5, 1)).toThrow(RangeError);
    writer.close();
  });

  it('says where it cannot write', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    expect(() => new EventWriter(join(file, 'below'))).toThrow(UserError);
  });
});

describe('readRecords', () => {
  it('gives the whole records before any place where the file was cut off', () => {
    const writer = new EventWriter(folder, { now });
    for (const step of [1, 2, 3]) writer.scalar('loss', step, step);
    writer.close();
    const file = readFileSync(writer.path);
    let end = 0;
    const ends = readRecords(file).map((record) => {
      end += record.length + 16;
      return end;
    });
    expect(ends).toHaveLength(4);
    expect(ends.at(-1)).toBe(file.length);
    for (let length = 0; length <= file.length; length++) {
      const whole = ends.filter((end) => end <= length).length;
      expect(readRecords(file.subarray(0, length))).toHaveLength(whole);
    }
  });

  it('stops before a record with any damaged byte', () => {
    const writer = new EventWriter(folder, { now });
    writer.scalar('loss', 1, 1);
    writer.close();
    const file = readFileSync(writer.path);
    const first = (readRecords(file)[0] as Uint8Array).length + 16;
    for (let at = 0; at < file.length; at++) {
      const damaged = Buffer.from(file);
      damaged[at] = (damaged[at] as number) ^ 64;
      expect(readRecords(damaged)).toHaveLength(at < first ? 0 : 1);
    }
  });
});
