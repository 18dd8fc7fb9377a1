export type Scalar = string | number | boolean | null;

/** Every scalar in a JSON value by its dotted key; short lists of scalars are joined, other lists are left out. */
export function flatten(value: unknown, prefix = ''): Map<string, Scalar> {
  const flat = new Map<string, Scalar>();
  if (isScalar(value)) return flat.set(prefix, value);
  if (Array.isArray(value)) {
    if (value.every(isScalar)) flat.set(prefix, value.join(', '));
    return flat;
  }
  for (const [key, inner] of Object.entries(value as object)) {
    const name = prefix === '' ? key : `${prefix}.${key}`;
    for (const [dotted, scalar] of flatten(inner, name)) flat.set(dotted, scalar);
  }
  return flat;
}

function isScalar(value: unknown): value is Scalar {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}
