export { RandomStream } from './random-stream.ts';
export { RandomStreams } from './random-streams.ts';
