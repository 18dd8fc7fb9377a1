import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export function write(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

/** A project with `@tensorflow/tfjs` installed and nothing else. */
export function writeProject(root: string): void {
  write(root, {
    'package.json': '{"name": "project"}',
    'node_modules/@tensorflow/tfjs/package.json': '{"name": "@tensorflow/tfjs", "version": "4.22.0"}',
  });
}

/** Stands for a tfjs-node whose own installer worked: it loads, and has headers and a library in `deps/`. */
export function writeStockTfjsNode(root: string, main: string = WORKING_MAIN): string {
  const directory = join(root, 'node_modules', '@tensorflow', 'tfjs-node');
  write(directory, {
    'package.json': '{"name": "@tensorflow/tfjs-node", "version": "4.22.0", "main": "main.js"}',
    'main.js': main,
    'lib/napi-v8/tfjs_binding.node': '',
    'deps/include/tensorflow/c/c_api.h': '#pragma once\nextern "C" const char* TF_Version(void);\n',
    'deps/lib/version.cc': 'extern "C" const char* TF_Version(void) { return "2.9.1"; }\n',
  });
  return directory;
}

/** Compiles the library that `deps/` of the stock tfjs-node should hold. */
export function compileStockLibrary(directory: string): void {
  const output = join(directory, 'deps', 'lib', 'libtensorflow.so.2');
  const name = ['-Xlinker', '-soname', '-Xlinker', 'libtensorflow.so.2'];
  execFileSync('g++', ['-shared', '-fPIC', '-o', output, join(directory, 'deps/lib/version.cc'), ...name]);
}

const WORKING_MAIN = `
exports.getBackend = () => 'tensorflow';
exports.tensor2d = (values) => values;
exports.matMul = () => ({ data: async () => Float32Array.of(7, 10, 15, 22) });
exports.backend = () => ({ binding: { TF_Version: '2.9.1' } });
`;

/** An addon that exports the version of the library it is linked with. */
export const VERSION_KERNEL = `
#include <node_api.h>
#include "tensorflow/c/c_api.h"
NAPI_MODULE_INIT() {
  napi_value version;
  napi_create_string_utf8(env, TF_Version(), NAPI_AUTO_LENGTH, &version);
  napi_set_named_property(env, exports, "version", version);
  return exports;
}
`;
