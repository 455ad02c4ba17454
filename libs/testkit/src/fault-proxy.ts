import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A TCP proxy that hurts on request; toxics named as in Toxiproxy. */
export interface FaultProxy {
  readonly port: number;
  /** Milliseconds each piece waits, both ways. */
  latency(milliseconds: number): void;
  /** Connections stay open and nothing passes; what was sent meanwhile passes afterwards, as TCP would have it. */
  blackHole(on: boolean): void;
  /** Breaks every connection with a reset. */
  resetPeers(): void;
  /** Refuses new connections and breaks the old ones; `false` brings it back. */
  down(on: boolean): void;
  stop(): Promise<void>;
}

/** Starts a proxy before a TCP server of loopback. */
export async function startFaultProxy(targetPort: number): Promise<FaultProxy> {
  const sockets = new Set<Socket>();
  let latencyMs = 0;
  let isBlackHole = false;
  let isDown = false;
  const pass = (from: Socket, to: Socket) => {
    sockets.add(from);
    if (isBlackHole) from.pause();
    from.on('data', (chunk) => {
      if (latencyMs === 0) to.write(chunk);
      else setTimeout(() => to.write(chunk), latencyMs);
    });
    from.once('close', () => {
      sockets.delete(from);
      to.destroy();
    });
    // A broken peer closes too; that is all there is to do.
    from.on('error', () => from.destroy());
  };
  const server = createServer((client) => {
    if (isDown) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(targetPort, '127.0.0.1');
    pass(client, upstream);
    pass(upstream, client);
  });
  const resetPeers = () => {
    for (const socket of sockets) {
      // One whose peer has said goodbye cannot be reset any more: Node would keep its handle for ever.
      if (socket.readableEnded || !socket.writable) socket.destroy();
      else socket.resetAndDestroy();
    }
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    latency: (milliseconds) => {
      latencyMs = milliseconds;
    },
    blackHole: (on) => {
      isBlackHole = on;
      for (const socket of sockets) {
        if (on) socket.pause();
        else socket.resume();
      }
    },
    resetPeers,
    down: (on) => {
      isDown = on;
      if (on) resetPeers();
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        resetPeers();
      }),
  };
}
