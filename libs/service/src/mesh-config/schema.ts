/**
 * The shape of `refrain.yaml`. Every field is described here and nowhere else; `refrain validate`, the start and
 * every service read it through `loadMeshConfig`, so a file that one accepts all accept.
 */
import { z } from 'zod';

const name = z.string().regex(/^[a-z0-9-]{1,32}$/, 'use 1 to 32 of a-z, 0-9 and -');
const milliseconds = z.int().positive();
const task = z.enum(['text', 'code', 'reasoning', 'ui']);
const complexity = z.enum(['simple', 'medium', 'complex']);
const tier = z.enum(['free', 'basic', 'pro', 'enterprise']);
const oneOrMore = <T extends z.ZodType>(schema: T) =>
  z.union([schema.transform((value) => [value]), z.array(schema).min(1)]);

const rates = {
  input: z.int().nonnegative(),
  output: z.int().nonnegative(),
  /** Prompt tokens the upstream read from its own cache, or wrote to it; absent: as `input`. */
  cachedInput: z.int().nonnegative().optional(),
  cacheWrite: z.int().nonnegative().optional(),
  /** Completion tokens spent on reasoning; absent: as `output`. */
  reasoning: z.int().nonnegative().optional(),
};

/** Integer nano-dollars for a million tokens, or characters. */
const price = z.strictObject({
  ...rates,
  per: z.enum(['token', 'character']).optional(),
  /** The whole request costs this where its prompt has more tokens. */
  long: z.strictObject({ aboveTokens: z.int().positive(), ...rates }).optional(),
});

/** Units of `money.currency`. */
const amount = z.union([z.number().nonnegative(), z.literal('unlimited')]);
const budget = z.strictObject({ day: amount.optional(), month: amount.optional() });

const model = z.strictObject({
  /** The model's name at the provider. */
  name: z.string().min(1),
  /** Quality, 1 (small local) to 5 (frontier). */
  rank: z.int().min(1).max(5),
  contextTokens: z.int().positive(),
  /** Absent: what the table of prices that Refrain ships says. */
  price: price.optional(),
});

/** What a provider grants a key; absent: no limit that is known. A day ends at midnight in the provider's `resetTimeZone`. */
const keyLimits = z.strictObject({
  requestsPerMinute: z.int().positive().optional(),
  requestsPerDay: z.int().positive().optional(),
  tokensPerMinute: z.int().positive().optional(),
  tokensPerDay: z.int().positive().optional(),
  /** Requests under way at once. */
  concurrency: z.int().positive().optional(),
});

const keyStem = 'write the stem of its variables, such as OPENAI; a key never stands here, but in OPENAI_API_KEY';

/** More keys of a provider: of another region, account or grant. */
const keyPool = z.strictObject({
  /** Stem of the environment variables with the keys, as the provider's own `keys`. */
  keys: z.string().regex(/^[A-Z][A-Z0-9_]*$/, keyStem),
  /** Workers of this REFRAIN_REGION take these keys first. */
  region: name.optional(),
  /** Where these keys are used; operator's alone. Absent: the provider's. */
  baseUrl: z.url({ protocol: /^https?$/ }).optional(),
  /** With the strategy `weighted`: how often, beside the other keys. */
  weight: z.number().positive().default(1),
  /** Each of these keys'; a limit that is absent is the provider's. */
  limits: keyLimits.prefault({}),
});

const timeZone = z.string().refine((zone) => {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: zone }) !== undefined;
  } catch {
    // A RangeError is how Intl says that it does not know the zone.
    return false;
  }
}, 'is not a time zone; write one such as America/Los_Angeles');

const provider = z.strictObject({
  adapter: z.enum(['llama', 'gemini', 'claude', 'openai']),
  /** Operator's alone; a request can never name a URL. Absent: the adapter's public address. */
  baseUrl: z.url({ protocol: /^https?$/ }).optional(),
  /** Stem of the environment variables with the keys: `OPENAI` reads OPENAI_API_KEY, OPENAI_API_KEYS, OPENAI_API_KEY_1… */
  keys: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]*$/, keyStem)
    .optional(),
  /** Needs no key (a local server). */
  keyless: z.boolean().default(false),
  /** Which key is next: in turn; the one least used lately; that by weight; the one with most left of its limits. */
  strategy: z.enum(['round-robin', 'least-used', 'weighted', 'most-headroom']).default('round-robin'),
  /** Each key's. */
  limits: keyLimits.prefault({}),
  /** Where the provider's days end, for limits by day. */
  resetTimeZone: timeZone.default('UTC'),
  /** More keys, by a name for people. */
  pools: z.record(name, keyPool).default({}),
  /** Calls to this provider at once, over all workers (of one worker where the provider needs no key). */
  concurrency: z.int().positive().default(100),
  /** Requests that may wait in a worker before it says busy. */
  queue: z.int().nonnegative().default(200),
  firstChunkMs: milliseconds.default(30_000),
  interChunkMs: milliseconds.default(15_000),
  models: z.array(model).min(1),
});

const modelName = z.string().regex(/^[a-z0-9-]+\/.+$/, 'write <provider>/<model>');

const route = z.strictObject({
  when: z
    .strictObject({
      task: oneOrMore(task).optional(),
      complexity: oneOrMore(complexity).optional(),
      tier: oneOrMore(tier).optional(),
      /** Of a hundred conversations that the rest of the rule fits, always the same ones. */
      percent: z.number().min(0).max(100).optional(),
    })
    .default({}),
  /** "<provider>/<model>", tried in this order; of neighbours with weights each comes first as often as its weight says. */
  try: z.array(z.union([modelName, z.strictObject({ model: modelName, weight: z.number().positive() })])).min(1),
  /** Models of a lower rank are not asked. */
  minimumRank: z.int().min(1).max(5).optional(),
  /** Models whose input or output costs more for a million tokens, in nano-dollars, are not asked. */
  maxNanoUsdPerMillion: z.int().nonnegative().optional(),
  /** Models at which the request, at its max_tokens, may cost more nano-dollars are not asked. */
  maxNanoUsd: z.int().nonnegative().optional(),
  /** Who is asked first: models that need no key, or those that lately began to speak soonest. Absent: as written, or by `policy.dial`. */
  prefer: z.enum(['local', 'fast']).optional(),
});

/** A role that is asked for as a model's name. */
const profile = z.strictObject({
  /** Put before the chat. */
  system: z.string().min(1).max(20_000),
  /** Who plays it, the preferred one first. */
  try: z.array(modelName).min(1),
});

const template = z.strictObject({
  name,
  /** Text with {variables}; `{question}` alone matches everything. Compared without regard to case and outer punctuation. */
  pattern: z.string().min(1),
  answer: z.string().min(1),
  /** `always` answers before any provider is asked; `fallback` only when none does. */
  serve: z.enum(['always', 'fallback']),
});

/** A caller's key as `keys` lists it. */
export const callerKeySchema = z.strictObject({
  /** "sha256:<64 hex digits>" of the caller's key; `npm run -s refrain -- key` makes one. */
  hash: z.string().regex(/^sha256:[0-9a-f]{64}$/, 'write sha256: and 64 hex digits'),
  tenant: name,
  user: z.string().min(1).max(128),
  tier,
});

/** The whole of refrain.yaml. */
export const meshConfigSchema = z.strictObject({
  version: z.literal(1, {
    error: ({ input }) => (input === undefined || input === null ? 'is missing: write version: 1' : 'must be 1'),
  }),
  limits: z
    .strictObject({
      requestBytes: z.int().positive().default(1_048_576),
      deadlineMs: milliseconds.default(60_000),
      attempts: z.int().min(1).max(10).default(4),
      keysPerProvider: z.int().min(1).max(10).default(3),
      maxTokens: z.int().positive().default(1000),
      /** A model that failed so often in a row, by its provider's fault, is left alone so long; then one request tries it. */
      breaker: z
        .strictObject({ failures: z.int().positive().default(5), cooldownMs: milliseconds.default(60_000) })
        .prefault({}),
      /** Second tries of a model after a broken connection or a 5xx: at most this share of the requests of the last ten seconds, or so many. */
      retries: z
        .strictObject({ share: z.number().min(0).max(1).default(0.1), minimum: z.int().nonnegative().default(10) })
        .prefault({}),
      /** A request to which a model has said nothing for so many milliseconds, or for longer than nineteen of its last twenty calls took
       * (`p95`), is also asked at the next of its route; whoever speaks first answers. Counted among `retries`. Absent: never. */
      hedge: z.strictObject({ afterMs: z.union([milliseconds, z.literal('p95')]) }).optional(),
      /** A provider is asked at most `multiplier` times as often as it answers, over two minutes; fewer requests than `minimumRequests` say nothing. */
      throttle: z
        .strictObject({
          multiplier: z.number().min(1).default(2),
          minimumRequests: z.int().nonnegative().default(20),
        })
        .prefault({}),
    })
    .prefault({}),
  tiers: z.record(
    tier,
    z.strictObject({
      lane: z.enum(['high', 'normal', 'low']),
      requestsPerMinute: z.int().positive(),
      /** Each of the tier's users', instead of `money.budgets.user`. */
      budget: budget.optional(),
    }),
  ),
  /** Who a caller without a key is, on loopback only. */
  local: z
    .strictObject({ tenant: name.default('local'), user: z.string().default('local'), tier: tier.default('pro') })
    .prefault({}),
  keys: z.array(callerKeySchema).default([]),
  /** What may be spent by day and month, which are those of UTC. */
  money: z
    .strictObject({
      /** Of the budgets; a word for people. */
      currency: z.string().min(1).max(8).default('EUR'),
      /** How much of it a dollar is, for good. */
      perUsd: z.number().positive().default(0.9),
      /** What a model without a price is taken for by the budgets: rather too much than nothing. */
      fallbackPrice: price.prefault({ input: 5_000_000_000, output: 25_000_000_000 }),
      budgets: z
        .strictObject({
          /** Every user's who has no other. Whoever needs no key (loopback only) has none unless one is named. */
          user: z.strictObject({ day: amount.default(0.1), month: amount.default(2) }).prefault({}),
          /** What all of a tenant may spend together, and another default for its users. */
          tenants: z.record(name, budget.extend({ user: budget.optional() })).default({}),
          /** By "<tenant>/<user>". */
          users: z.record(z.string().regex(/^[a-z0-9-]{1,32}\/.+$/, 'write <tenant>/<user>'), budget).default({}),
        })
        .prefault({}),
    })
    .prefault({}),
  classifier: z
    .strictObject({
      /** Shorter prompts without code are simple. */
      simpleBelowCharacters: z.int().positive().default(100),
      complexWords: z.array(z.string().min(1)).default(['design', 'flow', 'ux', 'ui']),
    })
    .prefault({}),
  cache: z
    .strictObject({
      /** Sampling hotter than this is neither cached nor shared. */
      maximumTemperature: z.number().min(0).max(2).default(0.3),
      /** Whether answers to questions with e-mail addresses, card or account numbers and the like are kept at all. */
      personalData: z.enum(['keep', 'skip']).default('keep'),
      /** Entries of one tenant; beyond it the least used go. */
      maximumEntries: z.int().positive().default(200_000),
      /** Share by which each entry's time is shortened at random, so that what was stored together does not end together. */
      ttlJitter: z.number().min(0).max(0.5).default(0.1),
      /** After its time an answer is still served this long, while a fresh one is asked for in the background. */
      revalidateSeconds: z.int().nonnegative().default(60),
      /** And this long after its time it may answer where no provider does, marked as stale. */
      staleSeconds: z.int().nonnegative().default(86_400),
      /** Other lifetimes for some. First match counts. */
      lifetimes: z
        .array(
          z.strictObject({
            when: z.strictObject({
              tenant: oneOrMore(name).optional(),
              model: oneOrMore(z.string().min(1)).optional(),
              task: oneOrMore(task).optional(),
              complexity: oneOrMore(complexity).optional(),
              volatile: z.boolean().optional(),
            }),
            exactSeconds: z.int().positive().optional(),
            semanticSeconds: z.int().positive().optional(),
          }),
        )
        .default([]),
      exact: z
        .strictObject({ enabled: z.boolean().default(true), ttlSeconds: z.int().positive().default(3600) })
        .prefault({}),
      semantic: z
        .strictObject({
          enabled: z.boolean().default(true),
          ttlSeconds: z.int().positive().default(1800),
          /** How a stored question counts as the same: by the verifier, within its budget, or by a plain threshold. */
          mode: z.enum(['verified', 'threshold']).default('verified'),
          /** Wrong hits over lookups that the verifier may let happen. */
          maxWrongHitRate: z.number().min(0).max(0.05).default(0.01),
          /** In mode `threshold`, the cosine at or above which a stored question counts as the same. */
          threshold: z.number().min(0.5).max(1).default(0.95),
          topK: z.int().min(1).max(50).default(5),
          maximumCollections: z.int().min(1).max(128).default(128),
          /** Vectors of the busiest partitions that are also kept in process, at about 1.5 KB each; 0 leaves all to Chroma. */
          hotVectors: z.int().nonnegative().default(200_000),
          /** Decides, serves nothing, and compares what it would have served with the fresh answer. */
          shadow: z.boolean().default(false),
          /** Share of semantic hits that are asked afresh in the background, at the mesh's own cost, to see whether they were right. */
          reviewShare: z.number().min(0).max(1).default(0),
          /** Whether a semantic hit leaves an alias, so that the same request is an exact hit next time. */
          alias: z.boolean().default(true),
          /** Leaves out the level, but for a probe now and then, in partitions where looking costs more than it saves. */
          breakEven: z.boolean().default(true),
        })
        .prefault({}),
      template: z.strictObject({ ttlSeconds: z.int().positive().default(86_400) }).prefault({}),
      /** The lowest rank a cached answer's model must have, for such callers and prompts. First match counts. */
      minimumRank: z
        .array(
          z.strictObject({
            when: z.strictObject({ tier: oneOrMore(tier).optional(), complexity: oneOrMore(complexity).optional() }),
            rank: z.int().min(1).max(5),
          }),
        )
        .default([]),
    })
    .prefault({}),
  providers: z.record(name, provider),
  aliases: z.record(z.string(), z.array(z.string()).min(1)).default({}),
  profiles: z.record(name, profile).default({}),
  policy: z
    .strictObject({
      /** 0 asks the cheapest of a route first, 1 the best, between them the cheapest that is good enough for the prompt. Absent: as written. */
      dial: z.number().min(0).max(1).optional(),
    })
    .prefault({}),
  routes: z.array(route).min(1),
  /** Tried when every route failed. */
  localFallback: z.array(z.string()).default([]),
  templates: z.array(template).default([]),
  events: z.strictObject({ encoding: z.enum(['json', 'protobuf']).default('json') }).prefault({}),
});

/** refrain.yaml after validation, every default filled in. */
export type MeshConfig = z.output<typeof meshConfigSchema>;
/** A provider's section. */
export type ProviderConfig = MeshConfig['providers'][string];
/** What a provider grants a key. */
export type KeyLimits = ProviderConfig['limits'];
/** A model's section. */
export type ModelConfig = ProviderConfig['models'][number];
/** Free, basic, pro or enterprise. */
export type Tier = z.output<typeof tier>;
