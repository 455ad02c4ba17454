import type { z } from 'zod';
import { ConfigError } from './config-error.ts';

/**
 * Reads the environment by a schema; an empty variable counts as absent. The result is frozen.
 * @throws ConfigError listing every fault by the variable's name, never by its value.
 */
export function readEnv<T extends z.ZodType>(schema: T, env: NodeJS.ProcessEnv): z.output<T> {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const result = schema.safeParse(present);
  if (result.success) return Object.freeze(result.data) as z.output<T>;
  throw new ConfigError(
    'environment',
    result.error.issues.map((issue) => {
      const path = issue.path.join('.');
      const missing = issue.code === 'invalid_type' && !(path in present);
      return { path, message: missing ? 'is missing' : issue.message };
    }),
  );
}
