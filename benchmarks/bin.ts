#!/usr/bin/env node
import { main } from './cli.ts';

// TensorFlow.js greets on stdout, which is for results.
console.log = console.error;
console.info = console.error;
// The reader of a pipe may have seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await main(process.argv.slice(2));
