import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Rows of one file of a data folder, by its name without ending. @throws Error where it is missing or a line is not JSON */
export function readRows<Row>(folder: string, name: string): Row[] {
  const path = join(folder, `${name}.jsonl`);
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line, i) => (line === '' ? [] : [parse<Row>(line, `${path}:${i + 1}`)]));
}

/** Names of the files in a part of the data folder, without their ending, sorted; none where that part is missing. */
export function setsIn(folder: string, part: string): string[] {
  const path = join(folder, part);
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .filter((file) => file.endsWith('.jsonl'))
    .map((file) => file.slice(0, -'.jsonl'.length))
    .sort();
}

function parse<Row>(line: string, where: string): Row {
  try {
    return JSON.parse(line) as Row;
  } catch (error) {
    throw new Error(`${where} is not JSON`, { cause: error });
  }
}
