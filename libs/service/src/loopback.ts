import { ConfigError } from './config-error.ts';

/** Whether a listening address is reachable from this machine alone. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

/** @throws ConfigError when a mesh without callers' keys would listen where strangers can reach it. */
export function requireKeysBeyondLoopback(host: string, keys: readonly unknown[]): void {
  if (isLoopback(host) || keys.length > 0) return;
  throw new ConfigError('environment', [
    {
      path: 'ROUTER_HOST',
      message: `refuses to listen on ${host} without callers' keys; add one to refrain.yaml (npm run -s refrain -- key --tenant NAME --user NAME --tier pro) or listen on 127.0.0.1`,
    },
  ]);
}
