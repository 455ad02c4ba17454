/** What is said of a provider for which no worker listens: which it is, and what an operator does about it. */
import { RefrainError } from '@refrain/errors';
import type { MeshConfig } from '@refrain/service';
import { AttemptFailure } from './attempt.ts';
import type { Hop, Run } from './run.ts';

/** A sentence for operators; it names variables, never what they hold. */
export function howToServe(provider: string, { providers }: Pick<MeshConfig, 'providers'>): string {
  const config = Object.hasOwn(providers, provider) ? providers[provider] : undefined;
  if (config?.keyless) return `Start a worker that has ${provider} among its REFRAIN_PROVIDERS.`;
  const stems = [config?.keys, ...Object.values(config?.pools ?? {}).map(({ keys }) => keys)];
  const variables = stems.filter((stem) => stem !== undefined).map((stem) => `${stem}_API_KEY`);
  if (variables.length === 0) return `Its section in refrain.yaml names no keys.`;
  return `Set ${variables.join(' or ')} where its worker runs.`;
}

/** A failure as it is, but for one that nobody was there: that names the model, and the router's log is told of its provider. */
export function nameUnserved(
  failure: AttemptFailure,
  { model, provider }: Pick<Hop, 'provider' | 'model'>,
  { health, question }: Pick<Run, 'health' | 'question'>,
): AttemptFailure {
  const { error, progress, told } = failure;
  if (error.reason !== 'NO_RESPONDERS') return failure;
  health.unserved(provider);
  const how = howToServe(provider, question.settings.mesh);
  const text = `Nobody serves ${provider}/${model} at the moment: no worker has the provider ${provider}. ${how}`;
  return new AttemptFailure(new RefrainError(error.code, text, { reason: error.reason, cause: error }), progress, told);
}
