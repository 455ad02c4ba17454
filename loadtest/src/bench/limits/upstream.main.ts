/** An OpenAI-compatible upstream: prepared bytes, at once or after UPSTREAM_DELAY_MS, and a count of the calls at GET /calls. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sampleText } from '../payload.ts';

const base = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'bench' };
const event = (chunk: object) => `data: ${JSON.stringify({ ...base, ...chunk })}\n\n`;
const choice = (delta: object, finishReason: string | null) => [{ index: 0, delta, finish_reason: finishReason }];
const usage = { prompt_tokens: 20, completion_tokens: 30, total_tokens: 50 };
const stream = Buffer.from(
  event({ choices: choice({ role: 'assistant', content: '' }, null) }) +
    event({ choices: choice({ content: sampleText }, null) }) +
    event({ choices: choice({}, 'stop') }) +
    event({ choices: [], usage }) +
    'data: [DONE]\n\n',
);
const whole = Buffer.from(
  JSON.stringify({
    ...base,
    object: 'chat.completion',
    choices: [{ index: 0, message: { role: 'assistant', content: sampleText }, finish_reason: 'stop' }],
    usage,
  }),
);

const delayMs = Number(process.env.UPSTREAM_DELAY_MS ?? 0);
let calls = 0;
const server = createServer((request, response) => {
  if (request.method === 'GET') {
    response.end(JSON.stringify({ calls }));
    return;
  }
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    calls += 1;
    const streamed = Buffer.concat(chunks).includes('"stream":true');
    const answer = () => {
      response.writeHead(200, { 'content-type': streamed ? 'text/event-stream' : 'application/json' });
      response.end(streamed ? stream : whole);
    };
    if (delayMs > 0) setTimeout(answer, delayMs);
    else answer();
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  process.send?.({ type: 'ready', http: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
process.once('disconnect', () => process.exit(0));
