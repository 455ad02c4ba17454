import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type Document, isMap, isNode, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { ConfigError, type ConfigFault } from '../config-error.ts';
import { crossCheck } from './cross-check.ts';
import { type MeshConfig, meshConfigSchema } from './schema.ts';

type Path = readonly PropertyKey[];

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
  return parseMeshConfig(text, basename(file));
}

/**
 * Checks the text of a `refrain.yaml`; `fileName` stands in the faults.
 * @throws ConfigError
 */
export function parseMeshConfig(text: string, fileName: string): MeshConfig {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const locate = (path: Path): Omit<ConfigFault, 'message'> => {
    const offset = offsetOf(document, path);
    if (offset === undefined) return { path: toText(path) };
    const { line, col } = lines.linePos(offset);
    return { path: toText(path), line, column: col };
  };
  if (document.errors.length > 0) {
    throw new ConfigError(
      fileName,
      document.errors.map((error) => {
        const { line, col } = lines.linePos(error.pos[0]);
        return { path: '', line, column: col, message: error.message.split('\n', 1)[0] ?? 'is not YAML' };
      }),
    );
  }
  const result = meshConfigSchema.safeParse(document.toJS({ maxAliasCount: 100 }));
  if (!result.success) {
    throw new ConfigError(
      fileName,
      inOrder(result.error.issues.flatMap(toFaults).map(({ path, message }) => ({ ...locate(path), message }))),
    );
  }
  const faults = crossCheck(result.data).map(({ path, message }) => ({ ...locate(path), message }));
  if (faults.length > 0) throw new ConfigError(fileName, inOrder(faults));
  return result.data;
}

function inOrder(faults: ConfigFault[]): ConfigFault[] {
  return faults.sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
}

/** An unknown key points at the key itself, not at the map that holds it. */
function toFaults(issue: z.core.$ZodIssue): { path: Path; message: string }[] {
  if (issue.code !== 'unrecognized_keys') return [{ path: issue.path, message: issue.message }];
  return issue.keys.map((key) => ({ path: [...issue.path, key], message: 'is not a setting' }));
}

/** Where a path, or its nearest parent that is there, begins in the text. */
function offsetOf(document: Document, path: Path): number | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const last = path[length - 1];
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isNode(item.key) && String(item.key) === String(last));
      if (pair && isNode(pair.key)) return pair.key.range?.[0];
    }
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node)) return node.range?.[0];
  }
  return isNode(document.contents) ? document.contents.range?.[0] : undefined;
}

function toText(path: Path): string {
  return path.reduce<string>(
    (text, step) =>
      typeof step === 'number' ? `${text}[${step}]` : text === '' ? String(step) : `${text}.${String(step)}`,
    '',
  );
}
