/** How to run a server that was found or fetched. */
export interface Launch {
  readonly command: string;
  /** Arguments that come before the server's own. */
  readonly prefix: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** For people: where it came from and its version. */
  readonly origin: string;
}

/** Where parts are kept, and who hears what is being done. */
export interface PartsContext {
  /** Folder for what is fetched (`.refrain/parts`). */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly say: (line: string) => void;
  /** Ends what is being done; the functions then throw its reason. */
  readonly signal?: AbortSignal;
}
