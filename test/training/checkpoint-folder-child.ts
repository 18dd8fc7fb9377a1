/** Adds checkpoints to the folder given, one after the other, until it is killed. Each file of checkpoint n holds n. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { addCheckpoint, listCheckpoints } from '../../src/training/checkpoint-folder.ts';

const folder = process.argv[2] as string;
let step = (await listCheckpoints(folder)).at(-1)?.step ?? 0;
process.stdout.write('ready\n');
for (;;) {
  step++;
  await addCheckpoint(folder, step, async (path) => {
    for (const name of ['a', 'b']) {
      const file = await open(join(path, name), 'wx');
      for (let part = 0; part < 20; part++) await file.writeFile(`${step}\n`.repeat(100));
      await file.sync();
      await file.close();
    }
  });
}
