import type { FieldFault } from './faults.ts';
import type { MeshConfig } from './schema.ts';

/** What a schema cannot say: that names point at something, that nothing is there twice, that keys can be found. */
export function crossCheck(config: MeshConfig): FieldFault[] {
  return [...unknownModels(config), ...shadowingAliases(config), ...duplicates(config), ...providerFaults(config)];
}

function unknownModels(config: MeshConfig): FieldFault[] {
  const known = new Set(
    Object.entries(config.providers).flatMap(([provider, { models }]) =>
      models.map(({ name }) => `${provider}/${name}`),
    ),
  );
  const named: [string, readonly PropertyKey[]][] = [
    ...config.routes.flatMap((route, i) =>
      route.try.map((each, j) =>
        typeof each === 'string'
          ? ([each, ['routes', i, 'try', j]] as [string, PropertyKey[]])
          : ([each.model, ['routes', i, 'try', j, 'model']] as [string, PropertyKey[]]),
      ),
    ),
    ...Object.entries(config.profiles).flatMap(([profile, { try: names }]) =>
      names.map((name, i) => [name, ['profiles', profile, 'try', i]] as [string, PropertyKey[]]),
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

/** `auto` lets the router choose and a slash names a provider's model: an alias or profile must be neither, and no name may be both. */
function shadowingAliases({ aliases, profiles }: MeshConfig): FieldFault[] {
  return [
    ...Object.keys(aliases)
      .filter((alias) => alias === 'auto' || alias.includes('/'))
      .map((alias) => ({ path: ['aliases', alias], message: 'an alias is not called auto and has no slash' })),
    ...Object.keys(profiles)
      .filter((profile) => profile === 'auto' || Object.hasOwn(aliases, profile))
      .map((profile) => ({ path: ['profiles', profile], message: 'a profile is not called auto or as an alias' })),
  ];
}

function duplicates(config: MeshConfig): FieldFault[] {
  const twice = (names: readonly string[], path: (i: number) => readonly PropertyKey[], what: string): FieldFault[] =>
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

function providerFaults(config: MeshConfig): FieldFault[] {
  return Object.entries(config.providers).flatMap(([name, provider]) => {
    const faults: FieldFault[] = [];
    if (!provider.keyless && provider.keys === undefined && Object.keys(provider.pools).length === 0) {
      const message = 'needs `keys` (the stem of its variables) or `keyless: true`';
      faults.push({ path: ['providers', name], message });
    }
    const urls: [string | undefined, readonly PropertyKey[]][] = [
      [provider.baseUrl, ['providers', name, 'baseUrl']],
      ...Object.entries(provider.pools).map(
        ([pool, { baseUrl }]) =>
          [baseUrl, ['providers', name, 'pools', pool, 'baseUrl']] as [string | undefined, PropertyKey[]],
      ),
    ];
    for (const [text, path] of urls) {
      const url = text === undefined ? undefined : new URL(text);
      if (url && url.username + url.password !== '')
        faults.push({ path, message: 'holds a password; secrets come by environment' });
    }
    return faults;
  });
}
