import { delimiter } from 'node:path';

/**
 * An environment whose PATH leads to the system's programs alone: npm puts `node_modules/.bin` first, and the `chroma` in
 * there is a server that does not end on SIGTERM.
 */
export function systemEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const folders = (env.PATH ?? '').split(delimiter);
  return { ...env, PATH: folders.filter((folder) => !folder.endsWith('node_modules/.bin')).join(delimiter) };
}
