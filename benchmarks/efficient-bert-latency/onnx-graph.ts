import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** Operations as of ONNX 1.15: the first set with Gelu. Every onnxruntime from 1.17 on reads it. */
const OPSET = 20;
const IR_VERSION = 9;

/** Element types of TensorProto. */
const FLOAT = 1;
const INT64 = 7;

export type Attribute = number | readonly number[] | string | { readonly float: number };

/**
 * A graph of ONNX under construction, in protocol buffers (onnx/onnx.proto3). Values are known by their names: every method
 * returns that of what it adds.
 */
export class OnnxGraph {
  readonly #graph = new BinaryWriter();
  readonly #inputs: Uint8Array[] = [];
  readonly #constants = new Map<string, string>();
  #values = 0;

  /** int64; a size that is a word is not fixed. */
  input(name: string, shape: readonly (number | string)[]): string {
    this.#inputs.push(valueInfo(name, INT64, shape));
    return name;
  }

  weight(name: string, values: Float32Array, shape: readonly number[]): string {
    const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    return this.#initializer(name, FLOAT, shape, data);
  }

  /** int64 [n] */
  integers(values: readonly number[]): string {
    const data = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    return this.#constant(`integers ${values}`, INT64, [values.length], data);
  }

  scalar(value: number): string {
    return this.#constant(`scalar ${value}`, FLOAT, [], new Uint8Array(Float32Array.of(value).buffer));
  }

  /** The first output of an operation; others are its name and `.1`, `.2`. */
  add(
    operation: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    outputs = 1,
  ): string {
    const first = `value${this.#values++}`;
    const node = new BinaryWriter();
    for (const input of inputs) node.tag(1, WireType.LengthDelimited).string(input);
    for (let i = 0; i < outputs; i++)
      node.tag(2, WireType.LengthDelimited).string(i === 0 ? first : `${first}.${i}`);
    node.tag(4, WireType.LengthDelimited).string(operation);
    for (const [name, value] of Object.entries(attributes))
      node.tag(5, WireType.LengthDelimited).bytes(attributeProto(name, value));
    this.#graph.tag(1, WireType.LengthDelimited).bytes(node.finish());
    return first;
  }

  /** The bytes of the file. @param output float32 */
  finish(output: string, shape: readonly (number | string)[]): Uint8Array {
    this.#graph.tag(2, WireType.LengthDelimited).string('encoder');
    for (const input of this.#inputs) this.#graph.tag(11, WireType.LengthDelimited).bytes(input);
    this.#graph.tag(12, WireType.LengthDelimited).bytes(valueInfo(output, FLOAT, shape));
    const opset = new BinaryWriter().tag(2, WireType.Varint).int64(OPSET).finish();
    const model = new BinaryWriter().tag(1, WireType.Varint).int64(IR_VERSION);
    model.tag(7, WireType.LengthDelimited).bytes(this.#graph.finish());
    return model.tag(8, WireType.LengthDelimited).bytes(opset).finish();
  }

  #constant(key: string, type: number, shape: readonly number[], data: Uint8Array): string {
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const name = this.#initializer(`constant${this.#constants.size}`, type, shape, data);
    this.#constants.set(key, name);
    return name;
  }

  #initializer(name: string, type: number, shape: readonly number[], data: Uint8Array): string {
    const tensor = new BinaryWriter();
    for (const size of shape) tensor.tag(1, WireType.Varint).int64(size);
    tensor.tag(2, WireType.Varint).int32(type);
    tensor.tag(8, WireType.LengthDelimited).string(name);
    tensor.tag(9, WireType.LengthDelimited).bytes(data);
    this.#graph.tag(5, WireType.LengthDelimited).bytes(tensor.finish());
    return name;
  }
}

/** A whole number is an int, else say `{ float }`. */
function attributeProto(name: string, value: Attribute): Uint8Array {
  const attribute = new BinaryWriter().tag(1, WireType.LengthDelimited).string(name);
  const [float, int, text, ints] = [1, 2, 3, 7]; // AttributeType
  const typed = (type: number) => attribute.tag(20, WireType.Varint).int32(type).finish();
  if (typeof value === 'number') {
    attribute.tag(3, WireType.Varint).int64(value);
    return typed(int);
  }
  if (typeof value === 'string') {
    attribute.tag(4, WireType.LengthDelimited).string(value);
    return typed(text);
  }
  if ('float' in value) {
    attribute.tag(2, WireType.Bit32).float(value.float);
    return typed(float);
  }
  for (const item of value) attribute.tag(8, WireType.Varint).int64(item);
  return typed(ints);
}

function valueInfo(name: string, type: number, shape: readonly (number | string)[]): Uint8Array {
  const dimensions = new BinaryWriter();
  for (const size of shape) {
    const dimension = new BinaryWriter();
    if (typeof size === 'number') dimension.tag(1, WireType.Varint).int64(size);
    else dimension.tag(2, WireType.LengthDelimited).string(size);
    dimensions.tag(1, WireType.LengthDelimited).bytes(dimension.finish());
  }
  const tensor = new BinaryWriter().tag(1, WireType.Varint).int32(type);
  tensor.tag(2, WireType.LengthDelimited).bytes(dimensions.finish());
  const kind = new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(tensor.finish());
  const info = new BinaryWriter().tag(1, WireType.LengthDelimited).string(name);
  return info.tag(2, WireType.LengthDelimited).bytes(kind.finish()).finish();
}
