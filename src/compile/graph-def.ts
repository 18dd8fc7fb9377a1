/**
 * Writes a graph as a SavedModel: protocol buffers by hand, since the few messages that TensorFlow needs hold a dozen fields.
 * Field numbers: tensorflow/core/protobuf/{saved_model,meta_graph}.proto, tensorflow/core/framework/{graph,node_def,attr_value,
 * tensor,tensor_shape,versions}.proto.
 */
import type { OpAttribute } from '../native/tensorflow-backend.ts';
import type { GraphNode } from './graph-node.ts';
import { ATTRIBUTE } from './node-backend.ts';

/** The graph format's version in TensorFlow 2.9, the oldest library that tfjs-node is used with; newer ones read it. */
const PRODUCER = 1087;

/** The bytes of `saved_model.pb`, its one graph tagged `serve`. */
export function savedModel(nodes: readonly GraphNode[]): Uint8Array {
  const versions = varint(1, PRODUCER);
  const graph = [...nodes.map((node) => bytes(1, nodeDef(node))), bytes(4, versions)];
  const metaGraph = Buffer.concat([bytes(1, text(4, 'serve')), bytes(2, Buffer.concat(graph))]);
  return Buffer.concat([varint(1, 1), bytes(2, metaGraph)]);
}

function nodeDef({ name, op, inputs, attributes, tensor }: GraphNode): Buffer {
  const fields = [text(1, name), text(2, op), ...inputs.map((input) => text(3, input))];
  const entries: [string, Buffer][] = attributes.map((attribute) => [
    attribute.name,
    attributeValue(attribute),
  ]);
  if (tensor !== undefined) {
    const { dtype, shape, content } = tensor;
    const proto = Buffer.concat([varint(1, dtype), bytes(2, shapeProto(shape)), bytes(4, content)]);
    entries.push(['dtype', varint(6, dtype)], ['value', bytes(8, proto)]);
  }
  for (const [key, value] of entries) fields.push(bytes(5, Buffer.concat([text(1, key), bytes(2, value)])));
  return Buffer.concat(fields);
}

/** AttrValue. In a list the fields have the same numbers. */
function attributeValue({ name, type, value }: OpAttribute): Buffer {
  const scalar = (item: unknown): Buffer => {
    switch (type) {
      case ATTRIBUTE.string:
        return text(2, String(item));
      case ATTRIBUTE.int:
        return varint(3, item as number);
      case ATTRIBUTE.float:
        return float(4, item as number);
      case ATTRIBUTE.bool:
        return varint(5, item ? 1 : 0);
      case ATTRIBUTE.type:
        return varint(6, item as number);
      default:
        throw new Error(`Attribute ${name} has a type (${type}) that cannot be recorded.`);
    }
  };
  if (type === ATTRIBUTE.shape) return bytes(7, shapeProto(value as number[]));
  return Array.isArray(value) ? bytes(1, Buffer.concat(value.map(scalar))) : scalar(value);
}

function shapeProto(shape: readonly number[]): Buffer {
  return Buffer.concat(shape.map((size) => bytes(2, varint(1, size))));
}

function text(field: number, value: string): Buffer {
  return bytes(field, Buffer.from(value));
}

function bytes(field: number, value: Uint8Array): Buffer {
  return Buffer.concat([base128((field << 3) | 2), base128(value.length), value]);
}

function varint(field: number, value: number): Buffer {
  return Buffer.concat([base128(field << 3), base128(value)]);
}

function float(field: number, value: number): Buffer {
  const buffer = Buffer.alloc(5);
  buffer.writeUInt8((field << 3) | 5);
  buffer.writeFloatLE(value, 1);
  return buffer;
}

/** Seven bits a byte, least first; negative numbers as 64-bit two's complement. */
function base128(value: number): Buffer {
  const digits: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) digits.push(Number(rest & 127n) | 128);
  digits.push(Number(rest));
  return Buffer.from(digits);
}
