/** `refrain.yaml` is written over while questions are asked: a file that cannot be used changes nothing, the next good one counts. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { eventually } from '@refrain/testkit';
import { startMesh, type TestMesh } from '../start-mesh.ts';
import { ask } from './ask.ts';
import { answerRightly, freshQuestion, more, sameMeaningOnly, startAsking, teach, wrongOnes } from './steady.ts';

const known = 'What is the capital of France?';
let mesh: TestMesh;
before(async () => {
  mesh = await startMesh({ extra: sameMeaningOnly });
  answerRightly(mesh);
  await teach(mesh, known);
});
after(() => mesh.stop());

test('a bad file is said and changes nothing, an empty one neither; the next good one is in force without a failed request', async () => {
  const good = await readFile(mesh.configFile, 'utf8');
  const asking = startAsking(mesh, known);
  await rewrite(good.replace('[one/large, two/large]', '[nobody/large]'), 'names nobody/large');
  await rewrite('', 'is empty');
  assert.equal((await ask(mesh, 'http', freshQuestion(), { model: 'best' })).provider, 'one');
  assert.equal((await ask(mesh, 'http', known)).source, 'exact');

  await rewrite(good.replace('best: [one/large, two/large]', 'best: [two/large]'), 'was read again');
  await eventually(async () => (await ask(mesh, 'http', freshQuestion(), { model: 'best' })).provider === 'two', {
    what: 'the new route',
  });
  assert.equal((await ask(mesh, 'http', known)).source, 'exact', 'an edit outside the cache section flushes nothing');
  await more(asking, 10);
  assert.deepEqual(wrongOnes(await asking.stop()), []);
});

test('another cache policy makes other keys: what was kept under the old one is not served, and new answers are', async () => {
  const good = await readFile(mesh.configFile, 'utf8');
  await rewrite(good.replace('threshold: 0.99', 'threshold: 0.98'), 'was read again');
  await eventually(async () => (await ask(mesh, 'http', known)).source === 'provider', { what: 'the new policy' });
  await teach(mesh, known);
});

/** Writes the file and waits until router and cache have said something new about it. */
async function rewrite(text: string, expected: string): Promise<void> {
  const services = [mesh.router, mesh.cache];
  const lengths = services.map((service) => service.output().length);
  await writeFile(mesh.configFile, text);
  const haveSaid = () => services.every((service, i) => service.output().slice(lengths[i]).includes(expected));
  await eventually(haveSaid, { what: `"${expected}" in the logs` });
}
