import { parseArgs } from 'node:util';

/** How `npm start` is used. */
export const usage = `usage: npm start [-- --routers N]

Starts Redis, NATS, Chroma, the models and all services on this machine; Ctrl-C ends all of it.
  --routers N   so many routers, 1 to 20 (1)
What is configured by the environment: deploy/.env.example
`;

const maximumRouters = 20;

/** What the command line asks for; `help` when it asks how. @throws Error saying what is wrong with it */
export function readArguments(args: readonly string[]): { routers: number } | 'help' {
  const { values } = parse(args);
  if (values.help) return 'help';
  const routers = /^\d+$/.test(values.routers) ? Number(values.routers) : 0;
  if (routers < 1 || routers > maximumRouters) throw new Error(`--routers takes a number from 1 to ${maximumRouters}.`);
  return { routers };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: { routers: { type: 'string', default: '1' }, help: { type: 'boolean', short: 'h', default: false } },
    });
  } catch (cause) {
    // Node's TypeError would be told as a fault of ours, with its stack.
    throw new Error(`${(cause as Error).message}\n\n${usage}`, { cause });
  }
}
