import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** A setting of a cell, for TensorBoard's HParams tab. */
export type HyperParameter = string | number | boolean;

// Field numbers of tensorboard/compat/proto/{event,summary,tensor,tensor_shape}.proto and plugins/hparams/plugin_data.proto.
const event = { wallTime: 1, step: 2, fileVersion: 3, summary: 5 };
const summary = { value: 1 };
const summaryValue = { tag: 1, simpleValue: 2, tensor: 8, metadata: 9 };
const metadata = { pluginData: 1, dataClass: 4 };
const pluginData = { name: 1, content: 2 };
const tensor = { dtype: 1, shape: 2, stringValue: 8 };
const hparamsData = { sessionStart: 3 };
const sessionStart = { hparams: 1, startTime: 5 };
const protobufValue = { number: 2, string: 3, bool: 4 };
const mapEntry = { key: 1, value: 2 };

const [DT_FLOAT, DT_STRING] = [1, 7];
const DATA_CLASS_TENSOR = 2;

/** The first event of every file. */
export function versionEvent(wallTime: number): Uint8Array {
  const writer = begin(wallTime, 0);
  return text(writer, event.fileVersion, 'brain.Event:2').finish();
}

/** One event with all values of a step, so that a crash keeps all of them or none. Values are float32: TensorBoard knows no other. */
export function scalarEvent(
  values: Readonly<Record<string, number>>,
  step: number,
  wallTime: number,
): Uint8Array {
  const writer = begin(wallTime, step);
  within(writer, event.summary, () => {
    for (const [tag, value] of Object.entries(values)) {
      within(writer, summary.value, () => {
        text(writer, summaryValue.tag, tag);
        // Beyond the range of float32 it becomes infinite; the writer would refuse it.
        writer.tag(summaryValue.simpleValue, WireType.Bit32).float(Math.fround(value));
      });
    }
  });
  return writer.finish();
}

/** Markdown for the Text tab: a scalar tensor of strings. */
export function textEvent(tag: string, markdown: string, wallTime: number): Uint8Array {
  return pluginEvent(wallTime, tag, 'text', new Uint8Array(), (writer) => {
    writer.tag(tensor.dtype, WireType.Varint).int32(DT_STRING);
    within(writer, tensor.shape, () => {});
    text(writer, tensor.stringValue, markdown);
  });
}

/** The settings of one session, here a cell. The HParams tab finds the metrics of it by itself: the scalars of the same run. */
export function hparamsEvent(
  hparams: Readonly<Record<string, HyperParameter>>,
  wallTime: number,
): Uint8Array {
  const content = new BinaryWriter();
  within(content, hparamsData.sessionStart, () => {
    for (const [key, value] of Object.entries(hparams)) {
      within(content, sessionStart.hparams, () => {
        text(content, mapEntry.key, key);
        within(content, mapEntry.value, () => {
          if (typeof value === 'number') content.tag(protobufValue.number, WireType.Bit64).double(value);
          else if (typeof value === 'string') text(content, protobufValue.string, value);
          else content.tag(protobufValue.bool, WireType.Varint).bool(value);
        });
      });
    }
    content.tag(sessionStart.startTime, WireType.Bit64).double(wallTime);
  });
  return pluginEvent(wallTime, '_hparams_/session_start_info', 'hparams', content.finish(), (writer) => {
    // A tensor of no values: an event without any would be dropped.
    writer.tag(tensor.dtype, WireType.Varint).int32(DT_FLOAT);
    within(writer, tensor.shape, () => within(writer, 2, () => {}));
  });
}

/** The step of an event that {@link scalarEvent} made; undefined for any other. */
export function scalarStep(bytes: Uint8Array): number | undefined {
  let step = 0;
  let scalars = false;
  forEachField(bytes, (field, reader) => {
    if (field === event.step) step = Number(reader.int64());
    else if (field === event.summary) scalars ||= holdsScalar(reader.bytes());
    else return false;
    return true;
  });
  return scalars ? step : undefined;
}

function holdsScalar(bytes: Uint8Array): boolean {
  let found = false;
  forEachField(bytes, (_value, reader) => {
    forEachField(reader.bytes(), (field) => {
      found ||= field === summaryValue.simpleValue;
      return false;
    });
    return true;
  });
  return found;
}

/** Calls `read` for each field; it returns false for one that it leaves unread. */
function forEachField(bytes: Uint8Array, read: (field: number, reader: BinaryReader) => boolean): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (!read(field, reader)) reader.skip(type, field);
  }
}

function pluginEvent(
  wallTime: number,
  tag: string,
  plugin: string,
  content: Uint8Array,
  writeTensor: (writer: BinaryWriter) => void,
): Uint8Array {
  const writer = begin(wallTime, 0);
  within(writer, event.summary, () =>
    within(writer, summary.value, () => {
      text(writer, summaryValue.tag, tag);
      within(writer, summaryValue.tensor, () => writeTensor(writer));
      within(writer, summaryValue.metadata, () => {
        within(writer, metadata.pluginData, () => {
          text(writer, pluginData.name, plugin);
          writer.tag(pluginData.content, WireType.LengthDelimited).bytes(content);
        });
        writer.tag(metadata.dataClass, WireType.Varint).int32(DATA_CLASS_TENSOR);
      });
    }),
  );
  return writer.finish();
}

/** @param wallTime seconds since 1970, UTC */
function begin(wallTime: number, step: number): BinaryWriter {
  const writer = new BinaryWriter();
  writer.tag(event.wallTime, WireType.Bit64).double(wallTime);
  return writer.tag(event.step, WireType.Varint).int64(step);
}

function text(writer: BinaryWriter, field: number, value: string): BinaryWriter {
  return writer.tag(field, WireType.LengthDelimited).string(value);
}

function within(writer: BinaryWriter, field: number, write: () => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  write();
  writer.join();
}
