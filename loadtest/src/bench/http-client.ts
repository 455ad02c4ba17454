/** The same thin keep-alive HTTP client for every HTTP case. */
import { Agent, type IncomingMessage, request } from 'node:http';

const agent = new Agent({ keepAlive: true, maxSockets: 256 });

/** Posts a body and gives the answer's headers and bytes. @throws when the status is not 200. */
export async function post(url: string, body: string): Promise<{ headers: IncomingMessage['headers']; bytes: Buffer }> {
  const { answer } = await send(url, body);
  const chunks: Buffer[] = [];
  for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  if (answer.statusCode !== 200)
    throw new Error(`${url} answered ${answer.statusCode}: ${bytes.toString().slice(0, 200)}`);
  return { headers: answer.headers, bytes };
}

/** Posts a body, gives the headers and the milliseconds to the first piece of text of the event stream, and reads the rest. */
export async function postForFirstChunk(
  url: string,
  body: string,
): Promise<{ headers: IncomingMessage['headers']; milliseconds: number }> {
  const start = performance.now();
  const { answer } = await send(url, body);
  let first = Number.NaN;
  let seen = '';
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    if (!Number.isNaN(first)) continue;
    seen += chunk.toString();
    if (/"content":"[^"]/.test(seen)) first = performance.now() - start;
  }
  if (Number.isNaN(first))
    throw new Error(`${url} streamed no text (status ${answer.statusCode}): ${seen.slice(0, 200)}`);
  return { headers: answer.headers, milliseconds: first };
}

/** Closes the client's connections. */
export function closeHttpClient(): void {
  agent.destroy();
}

function send(url: string, body: string): Promise<{ answer: IncomingMessage }> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const outgoing = request(url, { agent, method: 'POST', headers }, (answer) => resolve({ answer }));
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}
