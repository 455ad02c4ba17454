/** Limit: a bare node:http proxy before the upstream. Environment: UPSTREAM (a URL). */
import { Agent, request as ask, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const upstream = new URL(process.env.UPSTREAM ?? '');
const agent = new Agent({ keepAlive: true, maxSockets: 256 });
const server = createServer((request, response) => {
  const { hostname, port } = upstream;
  const onward = ask(
    { agent, hostname, port, path: request.url, method: 'POST', headers: request.headers },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    },
  );
  request.pipe(onward);
});
server.listen(0, '127.0.0.1', () => {
  process.send?.({ type: 'ready', http: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
process.once('disconnect', () => process.exit(0));
