/** The HTTP face on a port of its own with a scripted pipeline behind it, and clients that send what no library would. */
import { hash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { RateLimiter } from '@refrain/resilience';
import { eventually, silentLog } from '@refrain/testkit';
import type { Ask } from '../src/ask.ts';
import { startHttpFace } from '../src/faces/http/server.ts';
import { listModels } from '../src/models.ts';
import type { Pipeline } from '../src/pipeline.ts';
import { type Reply, wholeReply } from '../src/reply.ts';
import { authenticate } from '../src/steps/authenticate.ts';
import { limit } from '../src/steps/limit.ts';
import { answerOf, settingsOf } from './question.ts';

/** The key that is let in; it may ask three times a minute with `slowKey`. */
export const key = 'key-of-ann';
export const slowKey = 'key-of-eve';

const keyLine = (secret: string, who: string) => `{ hash: "sha256:${hash('sha256', secret, 'hex')}", ${who} }`;
const withKeys = `keys:
  - ${keyLine(key, 'tenant: acme, user: ann, tier: pro')}
  - ${keyLine(slowKey, 'tenant: acme, user: eve, tier: free')}
`;

/** What a test may look at. */
export interface HttpDoor {
  readonly port: number;
  readonly url: string;
  readonly asked: Ask[];
  /** Codes of what was not let in, in order. */
  readonly refused: string[];
  /** Opens a connection and sends; it keeps what comes back. */
  open(text?: string): Promise<Wire>;
}

/** A connection seen from the client's side. */
export interface Wire {
  readonly socket: Socket;
  /** All that came so far. */
  got(): string;
  /** Waits until it did. */
  gets(pattern: RegExp): Promise<string>;
  /** All that came until the other side closed. */
  readonly closed: Promise<string>;
}

/** Opens it, with callers' keys; `answer` is who answers in place of the mesh. */
export async function openHttpDoor(
  t: TestContext,
  answer: (ask: Ask) => Reply = () => wholeReply(answerOf('Hello.')),
): Promise<HttpDoor> {
  const settings = settingsOf(withKeys);
  const limiter = new RateLimiter();
  const asked: Ask[] = [];
  const refused: string[] = [];
  const pipeline: Pick<Pipeline, 'admit' | 'ask' | 'authenticate' | 'models' | 'refused'> = {
    authenticate: (credentials) => authenticate(credentials, settings),
    admit: (credentials) => {
      const caller = authenticate(credentials, settings);
      limit(caller, settings, limiter);
      return caller;
    },
    models: (credentials) => {
      authenticate(credentials, settings);
      return listModels(settings.mesh);
    },
    ask: async (ask) => {
      asked.push(ask);
      return answer(ask);
    },
    refused: (_face, { code }) => refused.push(code),
  };
  const face = await startHttpFace({
    host: '127.0.0.1',
    port: 0,
    pipeline: pipeline as Pipeline,
    requestBytes: () => 1024 * 1024,
    isOpen: () => settings.callers.size === 0,
    log: silentLog,
  });
  const wires: Socket[] = [];
  t.after(async () => {
    for (const socket of wires) socket.destroy();
    await face.drain(0);
  });
  const open = async (text?: string): Promise<Wire> => {
    const socket = connect(face.port, '127.0.0.1');
    wires.push(socket);
    let got = '';
    socket.on('data', (chunk) => {
      got += chunk;
    });
    // A refusal may come before all is sent; `got` says what it was.
    socket.on('error', () => undefined);
    const closed = new Promise<string>((resolve) => socket.once('close', () => resolve(got)));
    if (text !== undefined) socket.write(text);
    return {
      ...{ socket, closed, got: () => got },
      gets: async (pattern) => {
        await eventually(() => pattern.test(got), { what: `${pattern}` });
        return got;
      },
    };
  };
  return { port: face.port, url: `http://127.0.0.1:${face.port}`, asked, refused, open };
}

/** The head of a POST with a JSON body, and more headers. */
export function postHead(headers: Readonly<Record<string, string | number>>, path = '/v1/chat/completions'): string {
  const all = { host: 'router', 'content-type': 'application/json', ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

/** A whole POST that asks something with the key. */
export function post(content: string, headers: Readonly<Record<string, string | number>> = {}): string {
  const body = JSON.stringify({ messages: [{ role: 'user', content }] });
  return postHead({ authorization: `Bearer ${key}`, 'content-length': Buffer.byteLength(body), ...headers }) + body;
}
