export type { HyperParameter } from './event.ts';
export { EventWriter, type EventWriterOptions } from './event-writer.ts';
export { type EventRow, type WriteEventsOptions, writeEvents } from './write-events.ts';
