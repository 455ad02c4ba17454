/**
 * Who may import whom (docs/architecture.md): errors, resilience, contracts -> judgement, service -> rpc, bus, state ->
 * services; code imports from its left only. One package in one place, so that a successor can replace it.
 */
const test = '(/test/|\\.test\\.ts$)';

/** What each library may import of the others; a library that is not listed here fails the check. */
const layers = {
  errors: [],
  contracts: [],
  parts: [],
  resilience: ['errors'],
  judgement: ['errors', 'resilience', 'contracts'],
  service: ['errors', 'resilience', 'contracts'],
  rpc: ['errors', 'resilience', 'contracts', 'service'],
  bus: ['errors', 'resilience', 'contracts', 'service'],
  state: ['errors', 'resilience', 'contracts', 'service'],
  testkit: ['errors', 'resilience', 'contracts', 'judgement', 'service', 'rpc', 'bus', 'state', 'parts'],
};

const forbidden = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

const only = (name, packages, homes, comment) =>
  forbidden(name, comment, { pathNot: homes }, { path: packages.map((each) => `(^|node_modules/)${each}(/|$)`) });

module.exports = {
  forbidden: [
    forbidden('no-cycle', 'Modules that need each other are one module.', {}, { circular: true }),
    forbidden('resolved', 'An import that leads nowhere.', {}, { couldNotResolve: true }),
    forbidden(
      'declared',
      'A package that package.json does not name.',
      {},
      { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    ),
    forbidden(
      'services-apart',
      'Services meet in proto/ and in contracts.',
      { path: '^services/([^/]+)/' },
      { path: '^services/', pathNot: '^services/$1/' },
    ),
    forbidden(
      'libs-below',
      'Libraries know nothing of what stands on them.',
      { path: '^libs/' },
      { path: '^(services|deploy|loadtest)/' },
    ),
    forbidden(
      'services-below',
      'Services know nothing of how they are started or measured.',
      { path: '^services/' },
      { path: '^(deploy|loadtest)/' },
    ),
    forbidden(
      'known-layer',
      'A library that the layers above do not list.',
      {},
      { path: '^libs/', pathNot: `^libs/(${Object.keys(layers).join('|')})/` },
    ),
    ...Object.entries(layers).map(([lib, allowed]) =>
      forbidden(
        `layer-${lib}`,
        `libs/${lib} imports ${allowed.length > 0 ? `only ${allowed.join(', ')}` : 'no other library'}.`,
        { path: `^libs/${lib}/`, pathNot: test },
        { path: '^libs/', pathNot: `^libs/(${[lib, ...allowed].join('|')})/` },
      ),
    ),
    forbidden(
      'through-the-front',
      'Libraries are used by what they export.',
      { path: '^(libs|services|deploy|loadtest)/([^/]+)/' },
      { path: '^libs/[^/]+/(src/(?!index\\.ts$)|test/)', pathNot: ['^$1/$2/', '^libs/contracts/src/grpc\\.ts$'] },
    ),
    forbidden(
      'testkit-in-tests',
      'Tests and measurements alone use the testkit.',
      { path: '^(libs|services|deploy)/', pathNot: [test, '^libs/testkit/'] },
      { path: '^libs/testkit/' },
    ),
    forbidden('no-test-imported', 'Nothing imports a test.', { pathNot: test }, { path: test }),
    only(
      'grpc-in-rpc',
      ['@grpc/grpc-js'],
      ['^libs/rpc/', '^loadtest/src/bench/limits/'],
      'Only libs/rpc knows grpc-js; the bare limits measure it.',
    ),
    only('nats-in-bus', ['nats'], ['^libs/bus/'], 'Only libs/bus knows nats.'),
    only(
      'ioredis-in-state',
      ['ioredis'],
      ['^libs/state/', '^loadtest/src/bench/limits/'],
      'Only libs/state knows ioredis; the bare limits measure it.',
    ),
    only(
      'chroma-in-cache',
      ['chromadb', 'usearch', '@xenova/transformers', '@huggingface/transformers'],
      ['^services/cache/'],
      'Only the cache knows the indexes and the embedding runtime.',
    ),
    only(
      'pino-in-service',
      ['pino', 'prom-client', 'yaml'],
      ['^libs/service/'],
      'Logging, metrics and YAML live in libs/service.',
    ),
    forbidden(
      'sdks-in-tests',
      'The official SDKs are oracles, not parts.',
      { pathNot: test },
      { path: 'node_modules/(openai|ollama|@anthropic-ai/sdk|@google/genai)/' },
    ),
  ],
  options: {
    parser: 'tsc',
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '/\\.refrain/' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node', 'default'] },
  },
};
