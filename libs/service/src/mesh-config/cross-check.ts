import type { MeshConfig } from './schema.ts';

interface Fault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** What a schema cannot say: that names point at something, that tiers in use exist, that nothing is there twice. */
export function crossCheck(config: MeshConfig): Fault[] {
  return [...unknownModels(config), ...missingTiers(config), ...duplicates(config), ...keylessProviders(config)];
}

function unknownModels(config: MeshConfig): Fault[] {
  const known = new Set(
    Object.entries(config.providers).flatMap(([provider, { models }]) =>
      models.map(({ name }) => `${provider}/${name}`),
    ),
  );
  const named: [string, readonly PropertyKey[]][] = [
    ...config.routes.flatMap((route, i) =>
      route.try.map((name, j) => [name, ['routes', i, 'try', j]] as [string, PropertyKey[]]),
    ),
    ...Object.entries(config.aliases).flatMap(([alias, names]) =>
      names.map((name, i) => [name, ['aliases', alias, i]] as [string, PropertyKey[]]),
    ),
    ...config.localFallback.map((name, i) => [name, ['localFallback', i]] as [string, PropertyKey[]]),
  ];
  return named
    .filter(([name]) => !known.has(name))
    .map(([name, path]) => ({ path, message: `names ${name}, which no provider above has` }));
}

function missingTiers(config: MeshConfig): Fault[] {
  const used: [MeshConfig['local']['tier'], readonly PropertyKey[]][] = [
    [config.local.tier, ['local', 'tier']],
    ...config.keys.map((key, i) => [key.tier, ['keys', i, 'tier']] as [typeof key.tier, PropertyKey[]]),
  ];
  return used
    .filter(([tier]) => config.tiers[tier] === undefined)
    .map(([tier, path]) => ({ path, message: `is ${tier}, which tiers does not describe` }));
}

function duplicates(config: MeshConfig): Fault[] {
  const twice = (names: readonly string[], path: (i: number) => readonly PropertyKey[], what: string): Fault[] =>
    names.flatMap((name, i) => (names.indexOf(name) < i ? [{ path: path(i), message: `${what} is there twice` }] : []));
  return [
    ...twice(
      config.templates.map(({ name }) => name),
      (i) => ['templates', i, 'name'],
      'the template',
    ),
    ...twice(
      config.keys.map(({ hash }) => hash),
      (i) => ['keys', i, 'hash'],
      'the key',
    ),
    ...Object.entries(config.providers).flatMap(([provider, { models }]) =>
      twice(
        models.map(({ name }) => name),
        (i) => ['providers', provider, 'models', i, 'name'],
        'the model',
      ),
    ),
  ];
}

function keylessProviders(config: MeshConfig): Fault[] {
  return Object.entries(config.providers)
    .filter(([, provider]) => !provider.keyless && provider.keys === undefined)
    .map(([name]) => ({
      path: ['providers', name],
      message: 'needs `keys` (the stem of its variables) or `keyless: true`',
    }));
}
