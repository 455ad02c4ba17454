import { readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ConfigError, parseMeshConfig } from '@refrain/service';
import { asUsage, UsageError } from './usage-error.ts';

/** Checks a file as every service does: prints ok, or every fault as `file:line:column field: message`. 1 when there is any. */
export function validate(
  args: readonly string[],
  to: { folder: string; configFile: string; out: (text: string) => void },
): number {
  const { positionals } = asUsage(() => parseArgs({ args: [...args], allowPositionals: true }));
  if (positionals.length > 1) throw new UsageError('validate takes one file');
  const [named] = positionals;
  const file = named === undefined ? to.configFile : resolve(to.folder, named);
  const shown = named ?? relative(process.cwd(), file);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    to.out(`${shown}: cannot be read (${(error as NodeJS.ErrnoException).code})\n`);
    return 1;
  }
  try {
    const { providers, routes, templates, keys } = parseMeshConfig(text, shown);
    const counts = `${Object.keys(providers).length} providers, ${routes.length} routes, ${templates.length} templates, ${keys.length} keys`;
    to.out(`${shown}: ok (${counts})\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    to.out(`${error.message}\n`);
    return 1;
  }
}
