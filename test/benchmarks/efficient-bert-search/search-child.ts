import { releaseBackend, useBackend } from '../../../src/backends/index.ts';
import { tinySearch } from './tiny-search.ts';

const [folder] = process.argv.slice(2);
await useBackend('js');
await tinySearch(folder as string, {}, (step) => process.stdout.write(`${step}\n`));
await releaseBackend();
