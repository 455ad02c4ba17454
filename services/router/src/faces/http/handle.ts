/** Finds who answers a request: what is refused here is refused before its body is read. */
import { randomUUIDv7 } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { RefrainError, toRefrainError } from '@refrain/errors';
import { readRequestId } from './controls.ts';
import { refuseForeignPage } from './foreign-page.ts';
import { complete, explain, feedback, job, model, models, type Receive, type RouteParts } from './routes.ts';

type Method = 'GET' | 'POST';
type Route = Readonly<Partial<Record<Method, Receive>>>;

const routes: ReadonlyMap<string, Route> = new Map<string, Route>([
  ['/v1/chat/completions', { POST: complete }],
  ['/v1/models', { GET: models }],
  ['/v1/refrain/explain', { POST: explain }],
  ['/v1/refrain/feedback', { POST: feedback }],
]);

/** Routes whose path goes on with a name. */
const namedRoutes: readonly (readonly [path: string, route: Route])[] = [
  ['/v1/models/', { GET: model }],
  ['/v1/refrain/jobs/', { GET: job }],
];

/** Answers one request. @throws RefrainError when there is nothing to say but the error */
export async function handle(request: IncomingMessage, response: ServerResponse, parts: RouteParts): Promise<void> {
  const requestId = tellIds(request, response);
  const answer = await receive(request, response, parts, requestId).catch((thrown: unknown) => {
    parts.pipeline.refused('http', toRefrainError(thrown));
    throw thrown;
  });
  await answer();
}

async function receive(
  request: IncomingMessage,
  response: ServerResponse,
  parts: RouteParts,
  requestId: string,
): Promise<() => Promise<void>> {
  if (parts.isOpen()) refuseForeignPage(request.headers.origin);
  checkHead(request);
  const { name, receive: receiver } = findReceiver(request, response);
  if (!receiver) return async () => void response.writeHead(204).end();
  return receiver({ ...parts, request, response, requestId, name });
}

/** What Node would refuse without a word that its caller can read. */
function checkHead({ headers, httpVersion }: IncomingMessage): void {
  if (headers.host === undefined && httpVersion === '1.1')
    throw new RefrainError('invalid', 'The host header is missing.', { reason: 'INVALID_HTTP' });
  if (headers.expect !== undefined && headers.expect.toLowerCase() !== '100-continue')
    throw new RefrainError('unsupported', 'expect must be 100-continue.', {
      reason: 'EXPECTATION_FAILED',
      fields: [{ field: 'expect', description: 'must be 100-continue' }],
    });
}

/** Who answers it; nobody where a client asks only what it might ask. */
function findReceiver(request: IncomingMessage, response: ServerResponse): { name: string; receive?: Receive } {
  const path = pathOf(request.url ?? '/');
  const { name, route } = findRoute(path);
  const { method = '' } = request;
  if (!route)
    throw new RefrainError('not_found', `There is no ${toldOf(method, path)}. ${hintOf(path)}`, {
      reason: 'UNKNOWN_URL',
    });
  const receive = method === 'HEAD' ? route.GET : method === 'GET' || method === 'POST' ? route[method] : undefined;
  if (receive) return { name, receive };
  response.setHeader('allow', [...(route.GET ? ['GET', 'HEAD'] : ['POST']), 'OPTIONS'].join(', '));
  if (method === 'OPTIONS') return { name };
  throw new RefrainError('unsupported', `There is no ${toldOf(method, path)}, only other methods.`, {
    reason: 'METHOD_NOT_ALLOWED',
  });
}

function findRoute(path: string): { name: string; route: Route | undefined } {
  const route = routes.get(path);
  if (route) return { name: '', route };
  const found = namedRoutes.find(([prefix]) => path.startsWith(prefix) && path.length > prefix.length);
  return { name: found ? path.slice(found[0].length) : '', route: found?.[1] };
}

/** A proxy's client names the whole URL (RFC 9112, 3.2.2). */
function pathOf(target: string): string {
  const url = target.startsWith('/') ? target : target.replace(/^https?:\/\/[^/?#]*/i, '');
  const end = url.indexOf('?');
  return end < 0 ? url : url.slice(0, end);
}

/** What its caller may have meant: most often a client's `base_url` lacks the `/v1`. */
function hintOf(path: string): string {
  if (findRoute(`/v1${path}`).route) return `It is /v1${path}: does base_url end in /v1?`.slice(0, 200);
  return `There is ${[...routes.keys()].join(', ')}.`;
}

function toldOf(method: string, path: string): string {
  return `${method} ${path}`.slice(0, 200);
}

/** Every response names its request, errors too: the caller's own id and ours, which is the one that the answer and events have. */
function tellIds(request: IncomingMessage, response: ServerResponse): string {
  const requestId = randomUUIDv7();
  response.setHeader('x-request-id', readRequestId(request.headers) ?? requestId);
  response.setHeader('x-refrain-request-id', requestId);
  return requestId;
}
