/** What operators see and do while the workers run: alerts, checks, probes, other keys, another refrain.yaml. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { fromJsonString } from '@bufbuild/protobuf';
import { type AlertEvent, AlertEventSchema, eventSubject, meshTenant } from '@refrain/contracts';
import { keyId, parseMeshConfig, Secret } from '@refrain/service';
import { formatKeyRecord, keyPoolNames, parseKeyRecord } from '@refrain/state';
import { eventually, type RecordedCall, startUpstream } from '@refrain/testkit';
import { failureOf, meshText, type Rig, startRig } from './rig.ts';

const keys = ['sk-operator-one', 'sk-operator-two', 'sk-operator-333'];
const ids = keys.map((key) => keyId(new Secret(key)));
const keyIn = ({ headers }: Pick<RecordedCall, 'headers'>) => String(headers.authorization).replace('Bearer ', '');

describe('operators', () => {
  let rig: Rig;
  let alerts: AlertEvent[];
  beforeEach(async () => {
    rig = await startRig();
    alerts = [];
    rig.router.subscribe(eventSubject(meshTenant, '*'), {}, ({ data }) => {
      alerts.push(fromJsonString(AlertEventSchema, Buffer.from(data).toString()));
    });
  });
  afterEach(() => rig.stop());

  const mesh = (section = '') =>
    meshText(rig.upstream.baseUrl).replace('concurrency: 2', `concurrency: 20\n    ${section}`);
  const start = (howMany: number, section = '', options: Parameters<Rig['startWorkers']>[1] = {}) =>
    Promise.all(Array.from({ length: howMany }, () => rig.startWorkers(keys, { mesh: mesh(section), ...options })));
  const told = (kind: string) => alerts.filter((alert) => alert.kind === kind);
  const usedKeys = async (count: number) => {
    const before = rig.upstream.count;
    for (let i = 0; i < count; i += 1) await rig.ask();
    return new Set(rig.upstream.calls.slice(before).map(keyIn));
  };

  it('hear once of a key at 80 % of a quota, and once that the last one is used up, however many workers and calls', async () => {
    await start(2, 'limits: { requestsPerMinute: 10 }');
    for (let i = 0; i < 35; i += 1) await rig.ask();
    await eventually(() => told('quota').length >= 3 && told('exhausted').length >= 1, { what: 'alerts' });
    assert.deepEqual(
      told('quota')
        .map(({ keyId: id }) => id)
        .sort(),
      [...ids].sort(),
    );
    assert.equal(told('exhausted').length, 1);
    const [exhausted] = told('exhausted');
    assert.deepEqual([exhausted?.provider, exhausted?.keyId], ['openai', '']);
    assert.ok((exhausted?.text.length ?? 0) > 10 && (exhausted?.atMs ?? 0n) > 0n);
    assert.ok(!JSON.stringify(alerts, (_, value) => (typeof value === 'bigint' ? `${value}` : value)).includes('sk-'));
  });

  it('hear of a key with more than a fifth of its calls in error, over at least twenty', async () => {
    await start(2, 'strategy: round-robin');
    let calls = 0;
    rig.upstream.otherwise((call) => {
      if (keyIn(call) !== keys[0]) return {};
      calls += 1;
      return calls % 4 === 0 ? { fault: { kind: 'failed' } } : {};
    });
    for (let i = 0; i < 57; i += 1) await rig.ask();
    assert.equal(calls, 19);
    assert.deepEqual(told('errors'), []);
    for (let i = 0; i < 12; i += 1) await rig.ask();
    await eventually(() => told('errors').length > 0);
    assert.deepEqual(
      told('errors').map(({ keyId: id }) => id),
      [ids[0]],
    );
  });

  it('hear of a key that nobody has used for a day while others were', async () => {
    await start(1, 'strategy: round-robin');
    for (let i = 0; i < 3; i += 1) await rig.ask();
    const [id = ''] = ids;
    const { records } = keyPoolNames('openai');
    const known = parseKeyRecord(String(await rig.state.command('HGET', records, id)));
    const longAgo = Date.now() - 25 * 3_600_000;
    const record = { ...known, lastUsedAt: longAgo, addedAt: longAgo };
    await rig.state.command('HSET', records, id, formatKeyRecord(record));
    await eventually(() => told('unused').length > 0, { what: 'the alert', timeoutMs: 20_000 });
    assert.deepEqual(
      told('unused').map(({ keyId: unused }) => unused),
      [id],
    );
  });

  it('hear of each key that its provider refuses, and that none works any more', async () => {
    await start(1);
    rig.upstream.otherwise({ fault: { kind: 'bad_key' } });
    for (let i = 0; i < 4; i += 1) await rig.ask();
    await eventually(() => told('denied').length === keys.length + 1);
    assert.equal(new Set(told('denied').map(({ keyId }) => keyId)).size, keys.length + 1, 'each once, and the whole');
    const refused = failureOf(await rig.ask());
    assert.deepEqual([refused.code, refused.reason], ['upstream_denied', 'NO_KEY']);
  });

  it('need not wait for a caller to learn that a key is refused: all keys are checked now and then, by one worker', async () => {
    let lists = 0;
    rig.upstream.refuseLists((headers) => {
      lists += 1;
      return keyIn({ headers }) === keys[1] ? { kind: 'bad_key' } : undefined;
    });
    const services = await start(2, '', { keySettings: { checkEveryMs: 1000 } });
    const isKnown = () =>
      services.every((service) => /2 keys active, 0 resting, 1 disabled/.test(service.ready().parts.openai ?? ''));
    await eventually(isKnown, { what: 'both workers to know', timeoutMs: 20_000 });
    assert.equal(rig.upstream.count, 0, 'no question was asked');
    assert.ok(lists >= 3, `${lists} looks`);
    assert.deepEqual(await usedKeys(4), new Set([keys[0], keys[2]]));
  });

  it('add keys and retire them while the workers run; what was begun with a retired one is finished', async () => {
    let current = keys.slice(0, 1);
    const [service] = await start(1, '', { keysOf: (stem) => (stem === 'OPENAI' ? current : []) });
    assert.ok(service);
    rig.upstream.script({ paceMs: 60, text: 'a slow answer' });
    const slow = rig.open();
    await eventually(() => rig.upstream.count === 1);
    current = keys.slice(1);
    service.update(parseMeshConfig(mesh(), 'test.yaml'), ['openai', 'silent']);
    assert.deepEqual(await usedKeys(4), new Set(keys.slice(1)));
    assert.equal((await slow.frames).at(-1)?.body.case, 'final');
    current = [];
    service.update(parseMeshConfig(mesh(), 'test.yaml'), ['openai', 'silent']);
    await eventually(
      () =>
        rig.ask().then(
          () => false,
          ({ reason }) => reason === 'NO_RESPONDERS',
        ),
      { what: 'nobody to serve it' },
    );
    current = keys;
    service.update(parseMeshConfig(mesh(), 'test.yaml'), ['openai', 'silent']);
    await eventually(() =>
      rig.ask().then(
        (frames) => frames.at(-1)?.body.case === 'final',
        () => false,
      ),
    );
    assert.deepEqual(service.providers, ['openai']);
  });

  it('change limits while the workers run, and no answer under way is lost', async () => {
    const [service] = await start(1, 'limits: { requestsPerMinute: 2 }');
    assert.ok(service);
    for (let i = 0; i < 6; i += 1) assert.equal((await rig.ask()).at(-1)?.body.case, 'final');
    assert.equal(failureOf(await rig.ask()).reason, 'NO_KEY');
    service.update(parseMeshConfig(mesh('limits: { requestsPerMinute: 3 }'), 'test.yaml'), ['openai']);
    rig.upstream.script({ paceMs: 60 });
    const slow = rig.open();
    await slow.accepted;
    service.update(parseMeshConfig(mesh('limits: { requestsPerMinute: 4 }'), 'test.yaml'), ['openai']);
    assert.equal((await slow.frames).at(-1)?.body.case, 'final');
    for (let i = 0; i < 5; i += 1) assert.equal((await rig.ask()).at(-1)?.body.case, 'final');
    assert.equal(failureOf(await rig.ask()).reason, 'NO_KEY');
  });

  it('may give a pool of keys an address of its own', async () => {
    const eu = { OPENAI: keys.slice(0, 1), EU: keys.slice(1, 2) } as Readonly<Record<string, readonly string[]>>;
    const far = await startUpstream('openai');
    const section = `pools: { eu: { keys: EU, region: eu, baseUrl: "${far.baseUrl}" } }`;
    await start(1, section, { keysOf: (stem) => eu[stem] ?? [], keySettings: { region: 'eu' } });
    for (let i = 0; i < 3; i += 1) await rig.ask();
    assert.deepEqual(far.calls.map(keyIn), [keys[1], keys[1], keys[1]]);
    assert.equal(rig.upstream.count, 0);
    await far.stop();
  });
});
