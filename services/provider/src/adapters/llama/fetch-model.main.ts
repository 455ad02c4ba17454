/** Fetches the small local model into the folder given as argument; progress on standard error. */
import { fetchModel } from './model.ts';

const [folder = '.refrain/models'] = process.argv.slice(2);
try {
  await fetchModel(folder, (line) => process.stderr.write(`${line}\n`));
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
