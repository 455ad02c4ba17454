/** LiteLLM's list of prices as the table that `libs/judgement` ships: only our providers, only chat, in integers. */

/** A model's price as the table holds it (libs/judgement/src/prices.ts reads it). */
export interface TablePrice {
  readonly input: number;
  readonly output: number;
  readonly cachedInput?: number;
  readonly cacheWrite?: number;
  readonly reasoning?: number;
  readonly per?: 'character';
  readonly long?: Omit<TablePrice, 'per' | 'long'> & { readonly aboveTokens: number };
}

type Entry = Readonly<Record<string, unknown>>;

const lists: ReadonlySet<string> = new Set(['anthropic', 'gemini', 'openai', 'groq', 'deepseek', 'openrouter']);
const chats: ReadonlySet<unknown> = new Set(['chat', 'responses']);

/**
 * Prices by list and by the model's name there. Names of fine-tuned models and of sound are left out.
 * @throws Error for text that is no such list, or one that has none of our models: nothing is half imported
 */
export function toPrices(text: string): Record<string, Record<string, TablePrice>> {
  const prices: Record<string, Record<string, TablePrice>> = {};
  const all = JSON.parse(text) as unknown;
  if (typeof all !== 'object' || all === null) throw new Error('this is not a list of prices');
  for (const [name, entry] of Object.entries(all as Record<string, Entry>).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const list = String(entry.litellm_provider);
    if (!lists.has(list) || !chats.has(entry.mode) || /^ft:|audio|tts|lyria/.test(name)) continue;
    const price = toPrice(entry);
    if (!price) continue;
    prices[list] ??= {};
    // Where a model stands with and without its provider's name, the longer one is the provider's own.
    prices[list][name.startsWith(`${list}/`) ? name.slice(list.length + 1) : name] ??= price;
  }
  if (Object.keys(prices).length === 0) throw new Error('the list has no price of our providers');
  return prices;
}

function toPrice(entry: Entry): TablePrice | undefined {
  const rates = toRates(entry, '_per_token', '');
  if (rates) return { ...rates, ...toLong(entry) };
  const input = toNano(entry.input_cost_per_character);
  const output = toNano(entry.output_cost_per_character);
  return input === undefined || output === undefined ? undefined : { input, output, per: 'character' };
}

/** The dearer price of long prompts; where there are several steps the first, and what it does not name costs what it did. */
function toLong(entry: Entry): { long: NonNullable<TablePrice['long']> } | undefined {
  const steps = Object.keys(entry).flatMap((key) => /^input_cost_per_token_above_(\d+)k_tokens$/.exec(key)?.[1] ?? []);
  const [first] = steps.map(Number).sort((a, b) => a - b);
  const rates = first === undefined ? undefined : toRates(entry, '_per_token', `_above_${first}k_tokens`);
  return first !== undefined && rates ? { long: { aboveTokens: first * 1000, ...rates } } : undefined;
}

function toRates(entry: Entry, unit: string, suffix: string): Omit<TablePrice, 'per' | 'long'> | undefined {
  const at = (name: string) => toNano(entry[`${name}${suffix}`]);
  const input = at(`input_cost${unit}`);
  const output = at(`output_cost${unit}`);
  if (input === undefined || output === undefined) return undefined;
  const cachedInput = at('cache_read_input_token_cost');
  const cacheWrite = at('cache_creation_input_token_cost');
  const reasoning = at('output_cost_per_reasoning_token');
  return {
    input,
    output,
    ...(cachedInput !== undefined && cachedInput !== input && { cachedInput }),
    // DeepSeek's zero means that a write is an ordinary token.
    ...(cacheWrite && cacheWrite !== input && { cacheWrite }),
    ...(reasoning !== undefined && reasoning !== output && { reasoning }),
  };
}

/** Dollars for one as nano-dollars for a million, exact on the digits that the list shows, rounded up. */
export function toNano(dollars: unknown): number | undefined {
  if (typeof dollars !== 'number' || !Number.isFinite(dollars) || dollars < 0) return undefined;
  const [digits = '', exponent = '0'] = dollars.toString().split('e');
  const [whole = '', fraction = ''] = digits.split('.');
  // 10^9 nano-dollars to the dollar, 10^6 to the million.
  const shift = Number(exponent) - fraction.length + 15;
  const value = BigInt(whole + fraction);
  if (shift >= 0) return Number(value * 10n ** BigInt(shift));
  const divisor = 10n ** BigInt(-shift);
  return Number((value + divisor - 1n) / divisor);
}
