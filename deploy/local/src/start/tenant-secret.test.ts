import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { keepTenantSecret } from './tenant-secret.ts';

const folder = mkdtempSync(join(tmpdir(), 'refrain-secret-'));
after(() => rmSync(folder, { recursive: true }));

test('a mesh makes its secret once, for its owner alone, and no two meshes the same', async () => {
  const [one, other] = [join(folder, 'one/data/secret'), join(folder, 'other/data/secret')];
  await keepTenantSecret(one);
  await keepTenantSecret(other);
  const first = readFileSync(one, 'utf8');
  assert.match(first, /^[\w-]{43}\n$/);
  assert.equal(statSync(one).mode & 0o777, 0o600);
  await keepTenantSecret(one);
  assert.equal(readFileSync(one, 'utf8'), first);
  assert.notEqual(readFileSync(other, 'utf8'), first);
});
