import type { Server } from 'node:http';
import type { Socket } from 'node:net';

const lookEveryMs = 50;

/**
 * Prepares a server for its end and gives the function that brings it about: no new connection is taken, running requests end (at most
 * `graceMs`), connections without one are closed.
 */
export function drainable(server: Server): (graceMs: number) => Promise<void> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const closeIdle = () => {
    server.closeIdleConnections();
    // A connection on which nothing came yet is not idle to Node, which waits for its first request; clients open such ones ahead.
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  };
  return async (graceMs) => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    closeIdle();
    // A kept-alive connection that is busy now is idle later and would hold the server open.
    const idle = setInterval(closeIdle, lookEveryMs);
    const force = setTimeout(() => server.closeAllConnections(), graceMs);
    await closed;
    clearInterval(idle);
    clearTimeout(force);
  };
}
