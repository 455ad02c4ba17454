/** `.refrain/mesh.json`: where everything is, for the programs that build on a running mesh; there only while it is healthy. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

/** A process of the mesh. */
export interface MeshProcess {
  readonly name: string;
  readonly pid: number;
  readonly metrics: string;
  readonly grpc?: string;
  readonly http?: string;
}

/** What the file holds. */
export interface MeshFile {
  readonly router: { readonly grpc: string; readonly http: string };
  readonly cache: { readonly grpc: string };
  readonly jobs: { readonly grpc: string };
  readonly redis: string;
  readonly nats: string;
  readonly chroma: string;
  /** The services. */
  readonly processes: readonly MeshProcess[];
  /** Servers that were started for this mesh; the user's own are not among them. */
  readonly parts: readonly { readonly name: string; readonly pid: number }[];
}

/** Writes it at once and whole; its addresses may hold passwords, so that only its owner may read it. */
export function writeMeshFile(file: string, mesh: MeshFile): void {
  const unfinished = `${file}.new`;
  writeFileSync(unfinished, `${JSON.stringify(mesh, null, 2)}\n`, { mode: 0o600 });
  renameSync(unfinished, file);
}

/** Undefined where no mesh runs. @throws SyntaxError when it is no JSON */
export function readMeshFile(file: string): MeshFile | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return JSON.parse(text);
}

/** Says that nothing runs here. */
export function removeMeshFile(file: string): void {
  rmSync(file, { force: true });
}
