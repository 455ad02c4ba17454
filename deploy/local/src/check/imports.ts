import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, type Step } from './step.ts';

/** The parts of dependency-cruiser's JSON that count. */
interface Cruise {
  readonly modules: readonly { readonly source: string }[];
  readonly summary: {
    readonly violations: readonly {
      readonly from: string;
      readonly to: string;
      readonly rule: { readonly name: string };
      readonly cycle?: readonly { readonly name: string }[];
    }[];
  };
}

/** The import rules of `.dependency-cruiser.cjs`. */
export const checkImports: Step = async () => {
  const { modules, faults } = await cruise(root);
  return { ok: faults.length === 0, say: `${modules} modules`, output: faults.join('\n') };
};

/**
 * Holds the import rules over a tree. The tool reads nothing and is content when it cannot load its TypeScript, so every
 * workspace with code must be among what it saw.
 */
export async function cruise(folder: string): Promise<{ modules: number; faults: string[] }> {
  const workspaces = withCode(folder);
  if (workspaces.length === 0) return { modules: 0, faults: ['no workspace with code was found'] };
  const parameters = ['--config', '.dependency-cruiser.cjs', '--output-type', 'json', ...topLevel(workspaces)];
  const { stdout, output } = await run('depcruise', parameters, folder);
  const result = read(stdout);
  if (!result) return { modules: 0, faults: [output] };
  const seen = result.modules.map(({ source }) => source).filter((source) => !source.includes('node_modules/'));
  return { modules: seen.length, faults: [...unseen(workspaces, seen), ...violations(result)] };
}

/** What a cruise missed: workspaces with code of which it saw no module. */
export function unseen(workspaces: readonly string[], seen: readonly string[]): string[] {
  return workspaces
    .filter((workspace) => !seen.some((source) => source.startsWith(`${workspace}/`)))
    .map((workspace) => `dependency-cruiser saw no module of ${workspace}`);
}

function violations({ summary }: Cruise): string[] {
  return summary.violations.map(({ from, to, rule, cycle }) => {
    const way = cycle && cycle.length > 0 ? cycle.map(({ name }) => name).join(' -> ') : to;
    return `${rule.name}: ${from} -> ${way}`;
  });
}

function read(json: string): Cruise | undefined {
  try {
    return JSON.parse(json);
  } catch {
    // Not JSON: the tool failed and said why on its other stream, which the caller prints.
    return undefined;
  }
}

function withCode(folder: string): string[] {
  const nested = ['libs', 'services']
    .filter((parent) => existsSync(join(folder, parent)))
    .flatMap((parent) => readdirSync(join(folder, parent)).map((name) => `${parent}/${name}`));
  return [...nested, 'deploy/local', 'loadtest'].filter((workspace) => {
    const source = join(folder, workspace, 'src');
    return existsSync(source) && readdirSync(source, { recursive: true }).some((name) => String(name).endsWith('.ts'));
  });
}

function topLevel(workspaces: readonly string[]): string[] {
  return [...new Set(workspaces.map((workspace) => workspace.split('/')[0] ?? workspace))];
}
