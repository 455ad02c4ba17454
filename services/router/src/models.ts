import type { MeshConfig } from '@refrain/service';

/** A name that `model` may have, and who stands behind it. */
export interface ModelName {
  readonly id: string;
  readonly provider: string;
}

/** `auto`, the profiles, the aliases and every `<provider>/<model>`. */
export function listModels(mesh: MeshConfig): ModelName[] {
  return [
    { id: 'auto', provider: 'refrain' },
    ...[...Object.keys(mesh.profiles), ...Object.keys(mesh.aliases)].map((id) => ({ id, provider: 'refrain' })),
    ...Object.entries(mesh.providers).flatMap(([provider, { models }]) =>
      models.map(({ name }) => ({ id: `${provider}/${name}`, provider })),
    ),
  ];
}
