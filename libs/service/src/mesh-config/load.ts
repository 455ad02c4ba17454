import { readFileSync } from 'node:fs';
import { isAbsolute, relative } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { ConfigError, type ConfigFault } from '../config-error.ts';
import { crossCheck } from './cross-check.ts';
import { type FieldFault, offsetOf, toFieldFaults, toFieldName } from './faults.ts';
import { type MeshConfig, meshConfigSchema } from './schema.ts';

/** More aliases than a person writes; fewer than it takes to blow a small file up. */
const maximumAliases = 100;

/**
 * Reads and checks a `refrain.yaml`.
 * @throws ConfigError with line, column and field of every fault.
 */
export function loadMeshConfig(file: string): MeshConfig {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(file, [{ path: '', message: `cannot be read (${(error as NodeJS.ErrnoException).code})` }]);
  }
  return parseMeshConfig(text, toShown(file));
}

/** By its way from here; in full where it does not lie below: an operator who reads `refrain.yaml` looks at the one beside. */
function toShown(file: string): string {
  const way = relative(process.cwd(), file);
  return way.startsWith('..') || isAbsolute(way) ? file : way;
}

/**
 * Checks the text of a `refrain.yaml`; `fileName` stands in the faults.
 * @throws ConfigError
 */
export function parseMeshConfig(text: string, fileName: string): MeshConfig {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  if (document.errors.length > 0) {
    const faults = document.errors.map((error) => ({
      path: '',
      ...at(error.pos[0]),
      // The library's text goes on with " at line 3, column 5:" and the line itself.
      message: error.message.split('\n', 1)[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? 'is not YAML',
    }));
    throw new ConfigError(fileName, faults);
  }
  const located = (faults: FieldFault[]): ConfigFault[] =>
    faults
      .map(({ path, message }) => {
        const offset = offsetOf(document, path);
        return { path: toFieldName(path), ...(offset === undefined ? {} : at(offset)), message };
      })
      .sort((a, b) => ('line' in a ? a.line : 0) - ('line' in b ? b.line : 0));
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: maximumAliases });
  } catch (error) {
    // Aliases that point nowhere or multiply are found only when the document is resolved.
    throw new ConfigError(fileName, [{ path: '', message: (error as Error).message }]);
  }
  if (value === null) throw new ConfigError(fileName, [{ path: '', message: 'is empty' }]);
  const result = meshConfigSchema.safeParse(value);
  const faults = result.success ? crossCheck(result.data) : result.error.issues.flatMap(toFieldFaults);
  if (!result.success || faults.length > 0) throw new ConfigError(fileName, located(faults));
  return result.data;
}
