import { describe, expect, it } from 'vitest';
import { RandomStream, RandomStreams } from '../../src/random/index.ts';

describe('RandomStreams', () => {
  it('splits one seed into streams that do not move each other', () => {
    const streams = new RandomStreams(11);
    for (let i = 0; i < 100; i++) streams.dropout.nextUint32();
    expect(streams.init.nextUint32()).toBe(RandomStream.fromSeed(11, 'init').nextUint32());
    expect(streams.data.nextUint32()).toBe(RandomStream.fromSeed(11, 'data').nextUint32());
  });

  it('restores all streams at once', () => {
    const streams = new RandomStreams(12);
    streams.init.normal();
    streams.data.integer(100);
    const state = streams.state();
    expect(Object.keys(state)).toEqual(['init', 'data', 'dropout']);
    const drawAll = () => [streams.init.uniform(), streams.data.uniform(), streams.dropout.uniform()];
    const expected = drawAll();
    drawAll();
    streams.restore(state);
    expect(drawAll()).toEqual(expected);
  });

  it('names the stream that is missing or wrong, and then changes nothing', () => {
    const streams = new RandomStreams(13);
    const before = streams.state();
    const other = new RandomStreams(14).state();
    expect(() => streams.restore({ init: other.init as number[] })).toThrow(/no stream 'data'/);
    expect(() => streams.restore({ ...other, dropout: [1, 2] })).toThrow(/'dropout'.*four 32-bit integers/);
    expect(streams.state()).toEqual(before);
  });
});
