/** `npm run -s refrain -- COMMAND`: small tools around a mesh. */

import { makeKey } from './refrain/key.ts';
import { showStatus } from './refrain/status.ts';
import { UsageError } from './refrain/usage-error.ts';
import { validate } from './refrain/validate.ts';
import { loadSettings } from './start/settings.ts';

const usage = `usage: npm run -s refrain -- COMMAND

  validate [FILE]                            checks a refrain.yaml and names line and field of every fault
  key --tenant NAME --user NAME --tier TIER  makes a caller's key and its entry for refrain.yaml
                                             (tiers: free, basic, pro, enterprise)
  dial FILE [--tier NAME] [--answer-tokens N] [--json]
                                             what policy.dial would do to the prompts of a file (one a line, or
                                             JSON lines with prompt): who is asked first, and what that costs
  status [--json]                            whether the mesh that runs here is ready
  keys [--json]                              the providers' keys, by their hashes: use, errors, rests (also: --redis URL)
  keys disable|revive HASH                   takes a key out of use, or back
  spend [--tenant NAME] [--days N] [--json]  what was spent and saved, by user and model (also: --redis URL)
  jobs [--dead] [--json]                     the jobs of all tenants, newest first; of those that died, why (also: --jobs HOST:PORT)
  jobs retry ID                              has a dead job tried again

  cache stats                                what was looked up and stored since the cache started
  cache report --tenant NAME                 what was served by meaning, what of it was wrong, what follows
  cache invalidate --tenant NAME (--entry ID | --tag NAME | --model PROVIDER/MODEL | --partition KEY | --all)
                                             says what would go; with --yes it goes
  cache purge --tenant NAME --yes            removes everything kept for a tenant
  cache rebuild [--tenant NAME]              builds the index anew and swaps it in
  cache warm FILE.jsonl --tenant NAME [--model NAME] [--rank 1-5] [--ttl SECONDS] [--tag NAME]… [--skip-bad]
                                             stores the answers of a file, see docs/operations.md

  Commands of cache ask the mesh that runs here, or --cache HOST:PORT; --json prints for programs;
  --actor NAME stands in the audit line of what is removed (the user's name where it is missing).
`;

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
  cache: async (args, out) => {
    const { home, configFile } = loadSettings(process.env);
    // gRPC and the contracts take longer to load than the other commands to run.
    const { runCache } = await import('./refrain/cache.ts');
    return runCache(args, { home, configFile, folder, out, progress: process.stderr });
  },
};

const [name = '', ...args] = process.argv.slice(2);
const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
try {
  if (!command) throw new UsageError(name === '' ? 'a command is missing' : `there is no command called ${name}`);
  process.exitCode = await command(args, (text) => process.stdout.write(text));
} catch (error) {
  const isUsage = error instanceof UsageError;
  process.stderr.write(`refrain: ${(error as Error).message}\n${isUsage ? `\n${usage}` : ''}`);
  process.exitCode = isUsage ? 2 : 1;
}
