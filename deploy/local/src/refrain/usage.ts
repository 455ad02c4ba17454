/** How the commands are called, each with a line of what it does. */
const commands: Readonly<Record<string, string>> = {
  validate: `  validate [FILE] [--json]                   checks a refrain.yaml and names line and field of every fault
`,
  key: `  key --tenant NAME --user NAME --tier TIER [--json]
                                             makes a caller's key and its entry for refrain.yaml
                                             (tiers: free, basic, pro, enterprise)
`,
  dial: `  dial FILE [--tier NAME] [--answer-tokens N] [--json]
                                             what policy.dial would do to the prompts of a file (one a line, or
                                             JSON lines with prompt): who is asked first, and what that costs
`,
  status: `  status [--json]                            whether the mesh that runs here is ready
`,
  keys: `  keys [--json]                              the providers' keys, by their hashes: use, errors, rests (also: --redis URL)
  keys disable|revive HASH                   takes a key out of use, or back
`,
  spend: `  spend [--tenant NAME] [--days N] [--json]  what was spent and saved, by user and model (also: --redis URL)
`,
  jobs: `  jobs [--dead] [--json]                     the jobs of all tenants, newest first; of those that died, why (also: --jobs HOST:PORT)
  jobs retry ID                              has a dead job tried again
`,
  alerts: `  alerts [--since TIME] [--follow] [--json]  what operators were told in the last 24 hours, or since 30s, 15m, 1h, 7d; with --follow
                                             on until Ctrl-C (also: --nats URL)
`,
  cache: `  cache stats                                what was looked up and stored since the cache started
  cache report --tenant NAME                 what was served by meaning, what of it was wrong, what follows
  cache invalidate --tenant NAME (--entry ID | --tag NAME | --model PROVIDER/MODEL | --partition KEY | --all)
                                             says what would go; with --yes it goes
  cache purge --tenant NAME --yes            removes everything kept for a tenant
  cache rebuild [--tenant NAME]              builds the index anew and swaps it in
  cache warm FILE.jsonl --tenant NAME [--model NAME] [--rank 1-5] [--ttl SECONDS] [--tag NAME]… [--skip-bad]
                                             stores the answers of a file, see docs/operations.md

  Commands of cache ask the mesh that runs here, or --cache HOST:PORT; --json prints for programs;
  --actor NAME stands in the audit line of what is removed (the user's name where it is missing).
`,
};

/** How a command is called; all of them where it is none of ours. */
export function usageOf(command: string): string {
  const lines = Object.hasOwn(commands, command) ? commands[command] : Object.values(commands).join('');
  return `usage: npm run -s refrain -- COMMAND\n\n${lines}`;
}

/** Whether a command line asks how it is used: `help` or `--help` in the place of a command, or `--help` behind one. */
export function asksForHelp(args: readonly string[]): boolean {
  return args[0] === 'help' || args.includes('--help') || args.includes('-h');
}
