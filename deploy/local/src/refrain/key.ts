import { createHash, randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { callerKeySchema } from '@refrain/service';
import { asUsage, UsageError } from './usage-error.ts';

const keyBits = 256;

/** Makes a caller's key: prints it, once and nowhere else, and the entry with its hash. */
export function makeKey(args: readonly string[], out: (text: string) => void): number {
  const text = { type: 'string' } as const;
  const options = { tenant: text, user: text, tier: text, json: { type: 'boolean', default: false } } as const;
  const { json, ...values } = asUsage(() => parseArgs({ args: [...args], options })).values;
  const key = `rfr_${randomBytes(keyBits / 8).toString('base64url')}`;
  const hash = `sha256:${createHash('sha256').update(key).digest('hex')}`;
  const entry = callerKeySchema.safeParse({ hash, ...values });
  if (!entry.success) {
    const [fault] = entry.error.issues;
    const name = String(fault?.path[0]);
    throw new UsageError(`--${name}${name in values ? `: ${fault?.message ?? 'is wrong'}` : ' is missing'}`);
  }
  if (json) {
    out(`${JSON.stringify({ key, entry: entry.data }, null, 2)}\n`);
    return 0;
  }
  const { tenant, user, tier } = entry.data;
  const quoted = [hash, tenant, user, tier].map((value) => JSON.stringify(value));
  out(`${key}\n\n`);
  out('The key is shown this once: give it to its caller. Under `keys:` of refrain.yaml goes\n\n');
  out(`  - { hash: ${quoted[0]}, tenant: ${quoted[1]}, user: ${quoted[2]}, tier: ${quoted[3]} }\n`);
  return 0;
}
