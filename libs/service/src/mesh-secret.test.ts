import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOperator, meshMetadata, operatorMetadata, readVouched } from './mesh-secret.ts';
import { Secret } from './secret.ts';

const secret = new Secret('a-secret-of-the-mesh');
const ann = { tenant: 'acme', user: 'Änne/ann@acme', tier: 'pro' } as const;
const reader = (metadata: Record<string, string>) => (name: string) => metadata[name];

test('with the secret a service speaks for a caller, by whatever name the caller goes', () => {
  const metadata = meshMetadata(secret, ann);
  for (const value of Object.values(metadata)) assert.match(value, /^[\x20-\x7e]*$/);
  assert.deepEqual(readVouched(reader(metadata), secret), { ...ann, deferred: false });
  const deferred = meshMetadata(secret, { ...ann, deferred: true });
  assert.deepEqual(readVouched(reader(deferred), secret), { ...ann, deferred: true });
});

test('without the secret nobody is vouched for, whatever else is said', () => {
  const { 'x-refrain-mesh-secret': _, ...rest } = meshMetadata(secret, { ...ann, deferred: true });
  assert.equal(readVouched(reader(rest), secret), undefined);
  assert.equal(isOperator(reader(rest), secret), false);
  assert.equal(isOperator(reader({}), secret), false);
});

test('a wrong secret is refused, and so is any where a door knows none', () => {
  const refused = { code: 'denied', reason: 'INVALID_MESH_SECRET' };
  const read = reader(meshMetadata(secret, ann));
  for (const other of ['a-secret-of-the-mesH', 'a-secret-of-the-mesh ', 'a'])
    assert.throws(() => readVouched(read, new Secret(other)), refused);
  assert.throws(() => readVouched(read, undefined), refused);
  assert.throws(() => isOperator(read, undefined), refused);
});

test('a caller that cannot be is refused even with the secret', () => {
  const metadata = meshMetadata(secret, ann);
  const faults = [
    { 'x-refrain-tenant': 'no/tenant' },
    { 'x-refrain-user': '' },
    { 'x-refrain-user': '%' },
    { 'x-refrain-tier': 'gold' },
  ];
  for (const fault of faults)
    assert.throws(() => readVouched(reader({ ...metadata, ...fault }), secret), { reason: 'INVALID_CALLER' });
});

test('an operator asks in nobody’s name', () => {
  assert.equal(isOperator(reader(operatorMetadata(secret)), secret), true);
  assert.equal(isOperator(reader(meshMetadata(secret, ann)), secret), false);
});
