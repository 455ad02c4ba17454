/** The Redis address from `REDIS_URL`, or from `REDIS_HOST` and `REDIS_PORT`; undefined where none is set. */
export function redisUrl(env: {
  REDIS_URL?: string | undefined;
  REDIS_HOST?: string | undefined;
  REDIS_PORT?: string | undefined;
}): string | undefined {
  if (env.REDIS_URL) return env.REDIS_URL;
  if (!env.REDIS_HOST && !env.REDIS_PORT) return undefined;
  return `redis://${env.REDIS_HOST || '127.0.0.1'}:${env.REDIS_PORT || '6379'}`;
}
