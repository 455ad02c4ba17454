import type { ServiceProcess } from '@refrain/testkit';

/** Warnings and errors in a service's log; that the tests' provider `absent` has no worker is as it should be. */
export function faultsOf({ output }: Pick<ServiceProcess, 'output'>): string[] {
  const lines = output().split('\n');
  return lines.filter((line) => /"level":"(?:error|warn)"/.test(line) && !/"provider":"absent"/.test(line));
}
