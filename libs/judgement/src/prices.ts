/** The table of prices that Refrain ships (prices.json, with its source, date and licence). What `refrain.yaml` says counts before it. */
import type { Price } from './money.ts';
import table from './prices.json' with { type: 'json' };

const lists = table.prices as Readonly<Record<string, Readonly<Record<string, Price>>>>;
const free: Price = { input: 0, output: 0 };

/** Where the table is from and of which day. */
export const priceTable: { readonly source: string; readonly date: string } = table.about;

interface PricedProvider {
  readonly adapter: string;
  readonly models: readonly { readonly name: string; readonly price?: Price | undefined }[];
}

/**
 * The same providers, with the table's price where `refrain.yaml` has none; a local model without one is free. What stays without a price
 * is unknown, which is not the same as free.
 */
export function withListedPrices<P extends PricedProvider>(providers: Readonly<Record<string, P>>): Record<string, P> {
  const entries = Object.entries(providers).map(([name, provider]) => {
    const models = provider.models.map((model) => {
      const price = model.price ?? listedPrice(name, provider.adapter, model.name);
      return price ? { ...model, price } : model;
    });
    return [name, { ...provider, models }] as const;
  });
  return Object.fromEntries(entries);
}

/** An adapter that speaks to one company has its list; hosts that speak as OpenAI does are told apart by their name in `refrain.yaml`. */
function listedPrice(provider: string, adapter: string, model: string): Price | undefined {
  if (adapter === 'llama') return free;
  const list = adapter === 'claude' ? 'anthropic' : adapter === 'gemini' ? 'gemini' : provider;
  const prices = Object.hasOwn(lists, list) ? lists[list] : undefined;
  return prices && Object.hasOwn(prices, model) ? prices[model] : undefined;
}
