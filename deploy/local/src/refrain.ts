/** `npm run -s refrain -- COMMAND`: small tools around a mesh. */

import { makeKey } from './refrain/key.ts';
import { showStatus } from './refrain/status.ts';
import { asksForHelp, usageOf } from './refrain/usage.ts';
import { UsageError } from './refrain/usage-error.ts';
import { validate } from './refrain/validate.ts';
import { loadSettings } from './start/settings.ts';

/** A command prints and gives the exit code. */
type Command = (args: readonly string[], out: (text: string) => void) => number | Promise<number>;

// npm runs us in the repository's root; a path counts from where the caller stands.
const folder = process.env.INIT_CWD ?? process.cwd();

const commands: Readonly<Record<string, Command>> = {
  validate: (args, out) => validate(args, { folder, configFile: loadSettings(process.env).configFile, out }),
  key: (args, out) => makeKey(args, out),
  dial: async (args, out) =>
    (await import('./refrain/dial.ts')).showDial(args, {
      folder,
      configFile: loadSettings(process.env).configFile,
      out,
    }),
  status: (args, out) => showStatus(args, loadSettings(process.env).home, out),
  spend: async (args, out) => (await import('./refrain/spend.ts')).showSpend(args, loadSettings(process.env).home, out),
  keys: async (args, out) => (await import('./refrain/keys.ts')).runKeys(args, loadSettings(process.env).home, out),
  jobs: async (args, out) => (await import('./refrain/jobs.ts')).runJobs(args, loadSettings(process.env).home, out),
  alerts: async (args, out) => {
    const tools = { home: loadSettings(process.env).home, out, say: (text: string) => process.stderr.write(text) };
    return (await import('./refrain/alerts.ts')).showAlerts(args, tools);
  },
  cache: async (args, out) => {
    const { home, configFile } = loadSettings(process.env);
    // gRPC and the contracts take longer to load than the other commands to run.
    const { runCache } = await import('./refrain/cache.ts');
    return runCache(args, { home, configFile, folder, out, progress: process.stderr });
  },
};

const words = process.argv.slice(2);
const isHelp = asksForHelp(words);
const [name = '', ...args] = words[0] === 'help' ? words.slice(1) : words;
const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
try {
  if (isHelp) process.stdout.write(usageOf(name));
  else if (!command) throw new UsageError(name === '' ? 'a command is missing' : `there is no command called ${name}`);
  else process.exitCode = await command(args, (text) => process.stdout.write(text));
} catch (error) {
  const isUsage = error instanceof UsageError;
  process.stderr.write(`refrain: ${(error as Error).message}\n${isUsage ? `\n${usageOf(name)}` : ''}`);
  process.exitCode = isUsage ? 2 : 1;
}
