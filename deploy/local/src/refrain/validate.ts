import { readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ConfigError, type ConfigFault, parseMeshConfig } from '@refrain/service';
import { asUsage, UsageError } from './usage-error.ts';

/**
 * Checks a file as every service does: prints ok, or every fault as `file:line:column field: message`; for programs the same as one object.
 * 1 when there is any.
 */
export function validate(
  args: readonly string[],
  to: { folder: string; configFile: string; out: (text: string) => void },
): number {
  const options = { json: { type: 'boolean', default: false } } as const;
  const { values, positionals } = asUsage(() => parseArgs({ args: [...args], allowPositionals: true, options }));
  if (positionals.length > 1) throw new UsageError('validate takes one file');
  const [named] = positionals;
  const path = named === undefined ? to.configFile : resolve(to.folder, named);
  const file = named ?? relative(process.cwd(), path);
  const found = check(path, file);
  if (values.json) to.out(`${JSON.stringify({ file, ok: 'counts' in found, ...found }, null, 2)}\n`);
  else to.out('counts' in found ? `${file}: ok (${toText(found.counts)})\n` : `${found.text}\n`);
  return 'counts' in found ? 0 : 1;
}

type Counts = Readonly<Record<'providers' | 'routes' | 'templates' | 'keys', number>>;
type Found = { readonly counts: Counts } | { readonly faults: readonly ConfigFault[]; readonly text: string };

function check(path: string, file: string): Found {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const message = `cannot be read (${(error as NodeJS.ErrnoException).code})`;
    return { faults: [{ path: '', message }], text: `${file}: ${message}` };
  }
  try {
    const { providers, routes, templates, keys } = parseMeshConfig(text, file);
    const counts = {
      ...{ providers: Object.keys(providers).length, routes: routes.length },
      ...{ templates: templates.length, keys: keys.length },
    };
    return { counts };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { faults: error.faults, text: error.message };
  }
}

function toText(counts: Counts): string {
  return Object.entries(counts)
    .map(([what, count]) => `${count} ${what}`)
    .join(', ');
}
