/** The TensorFlow release whose C library is fetched; its 55 C symbols that tfjs-node's `binding/` needs were checked. */
export const TENSORFLOW_VERSION = '2.21.0';

/** Frozen with the rest of TensorFlow.js; the same pin as in package.json. */
export const TFJS_NODE_VERSION = '4.22.0';

/** N-API headers for machines whose Node came without any; N-API is stable, so any release that knows version 8 serves. */
export const NODE_API_HEADERS_VERSION = '1.9.0';

/** The N-API version that tfjs-node's own build asks for, and the folder `lib/napi-v8` that it loads its addon from. */
export const NODE_API_VERSION = 8;
