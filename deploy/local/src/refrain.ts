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
  status [--json]                            whether the mesh that runs here is ready
`;

/** A command prints and gives the exit code. */
type Command = (args: readonly string[], out: (text: string) => void) => number | Promise<number>;

const commands: Readonly<Record<string, Command>> = {
  validate: (args, out) => {
    // npm runs us in the repository's root; a path counts from where the caller stands.
    const folder = process.env.INIT_CWD ?? process.cwd();
    return validate(args, { folder, configFile: loadSettings(process.env).configFile, out });
  },
  key: (args, out) => makeKey(args, out),
  status: (args, out) => showStatus(args, loadSettings(process.env).home, out),
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
