/** A key never leaves the worker but in the one header that needs it, whatever an upstream makes of it. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { toJson } from '@bufbuild/protobuf';
import { FrameSchema, UsageRecordSchema } from '@refrain/contracts';
import { createLogger } from '@refrain/service';
import { failureOf, meshText, type Rig, startRig } from './rig.ts';

/** Keys of no known shape: only who knows them can find them. */
const keys = Array.from({ length: 60 }, (_, i) => `${randomBytes(9).toString('base64')}.${i}/marker+x==`);

type Answer = (key: string, response: ServerResponse) => void;

/** Everything an upstream may say with the key in it; `text` goes where words go. */
const replies: readonly (readonly [name: string, answer: Answer])[] = [
  ...[400, 401, 403, 404, 409, 413, 422, 429, 500, 503, 529].map(
    (status) =>
      [
        `status ${status}`,
        (key: string, response: ServerResponse) =>
          response
            .writeHead(status, { 'content-type': 'application/json', 'x-echo': key, 'retry-after': key })
            .end(JSON.stringify({ type: 'error', error: echo(key) })),
      ] as const,
  ),
  ['a page', (key, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end(`<p>${key}</p>`)],
  [
    'JSON without a stream',
    (key, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ error: echo(key) })),
  ],
  [
    'an error as an event',
    (key, response) => stream(response, `data: ${JSON.stringify({ type: 'error', error: echo(key) })}\n\n`),
  ],
  ['an event that is no JSON', (key, response) => stream(response, `data: {"x": ${key}\n\n`)],
  ['a stream cut short', (key, response) => stream(response, `: ${key}\n\n`)],
  ['another content type', (key, response) => void response.writeHead(200, { 'content-type': key }).end(key)],
];
const echo = (key: string) => ({
  message: `bad ${key} here`,
  type: `type ${key}`,
  code: `code ${key}`,
  status: `status ${key}`,
  param: key,
  details: { error_code: `detail ${key}`, reason: key },
});
function stream(response: ServerResponse, text: string): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).end(text);
}
const keyOf = ({ headers }: IncomingMessage) =>
  String(headers['x-api-key'] ?? headers['x-goog-api-key'] ?? headers.authorization?.replace('Bearer ', ''));

describe('the keys', () => {
  let rig: Rig;
  let answer: Answer = () => undefined;
  const seen = new Set<string>();
  const server = createServer((request, response) => {
    seen.add(keyOf(request));
    request.resume().once('end', () => answer(keyOf(request), response));
  });
  before(async () => {
    rig = await startRig();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  after(async () => {
    await rig.stop();
    server.close();
    server.closeAllConnections();
  });

  for (const adapter of ['openai', 'claude', 'gemini']) {
    it(`of ${adapter} are in no frame, log line, record or state`, async () => {
      const lines: string[] = [];
      const log = createLogger({ service: 'test', level: 'debug', write: (line) => void lines.push(line) });
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const service = await rig.startWorkers(keys, { log, mesh: meshText(url, adapter) });
      const said: string[] = [];
      for (const [name, reply] of replies) {
        answer = reply;
        const asked = rig.open();
        const frames = await asked.frames;
        const record = await rig.recordOf(asked.attemptId);
        said.push(`${name}: ${JSON.stringify(frames.map((frame) => toJson(FrameSchema, frame)))}`);
        said.push(`${name}: ${JSON.stringify(toJson(UsageRecordSchema, record))}`);
        assert.notEqual(failureOf(frames).code, 'internal', `${name} is understood`);
      }
      said.push(JSON.stringify(service.ready()));
      await service.drain(100);
      for (const key of keys) {
        const found = [...said, ...lines].find(
          (text) => text.includes(key) || text.includes(JSON.stringify(key).slice(1, -1)),
        );
        assert.equal(found, undefined, `the key ${key} was told`);
      }
      assert.ok(lines.length > replies.length, 'every failure is logged');
      assert.ok(
        said.some((text) => text.includes('bad [hidden] here')),
        'the upstream’s words are passed on without it',
      );
    });
  }

  it('were all sent', () => {
    assert.ok(seen.size >= replies.length && [...seen].every((key) => keys.includes(key)));
  });
});
