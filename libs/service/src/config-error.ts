/** One fault of a configuration: where it stands and what is wrong. */
export interface ConfigFault {
  /** "routes[2].try[0]", or a variable's name. */
  readonly path: string;
  readonly message: string;
  /** From 1; absent for the environment. */
  readonly line?: number;
  readonly column?: number;
}

/** A configuration that cannot be used, with every fault it has. */
export class ConfigError extends Error {
  readonly faults: readonly ConfigFault[];

  /** @param source the file's name, or "environment" */
  constructor(source: string, faults: readonly ConfigFault[]) {
    const lines = faults.map(({ path, message, line, column }) => {
      const place = line === undefined ? source : `${source}:${line}:${column ?? 1}`;
      return path === '' ? `${place} ${message}` : `${place} ${path}: ${message}`;
    });
    super(lines.join('\n'));
    this.name = 'ConfigError';
    this.faults = faults;
  }
}
