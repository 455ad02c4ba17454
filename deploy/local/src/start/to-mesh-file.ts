import type { Mesh, MeshService } from './mesh.ts';
import type { MeshFile, MeshProcess } from './mesh-file.ts';

/** A running mesh as `mesh.json` tells it. */
export function toMeshFile({ parts, cache, jobs, workers, routers }: Mesh): MeshFile {
  const [router] = routers;
  return {
    router: {
      grpc: reachable(router?.process.current.ready.grpc),
      http: reachable(router?.process.current.ready.http),
    },
    cache: { grpc: reachable(cache.process.current.ready.grpc) },
    jobs: { grpc: reachable(jobs.process.current.ready.grpc) },
    redis: parts.redis.url,
    nats: parts.nats.url,
    chroma: parts.chroma.url,
    processes: [...routers, ...workers, jobs, cache].map(toProcess),
    parts: Object.entries(parts).flatMap(([name, part]) => {
      const pid = part.pid();
      return pid === undefined ? [] : [{ name, pid }];
    }),
  };
}

function toProcess({ process }: MeshService): MeshProcess {
  const { pid, ready } = process.current;
  const { grpc, http, metrics } = ready;
  return {
    name: process.name,
    pid,
    metrics,
    ...(grpc !== undefined && { grpc: reachable(grpc) }),
    ...(http !== undefined && { http: reachable(http) }),
  };
}

/** An address this machine can call, where a service listens on all. */
function reachable(address = ''): string {
  return address.replace(/(^|\/\/)(0\.0\.0\.0|\[?::\]?)(?=:\d)/, '$1127.0.0.1');
}
