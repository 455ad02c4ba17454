import { ConfigError } from '../config-error.ts';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics.ts';

/** Takes another configuration into use, or refuses it by a ConfigError. */
export type Reload = (take: () => void) => void;

/**
 * Gives the function by which a running service takes what its files say anew. What a ConfigError refuses leaves the old in force, is logged
 * and counted (`refrain_config_errors_total`); any other error is thrown on. Once for each service: it registers the metric.
 */
export function createReload({
  log,
  metrics,
}: {
  readonly log: Pick<Logger, 'error'>;
  readonly metrics: Pick<Metrics, 'counter'>;
}): Reload {
  const errors = metrics.counter(
    'config_errors_total',
    'Times that refrain.yaml, or a file it leads to, could not be used and the old one stayed in force.',
  );
  return (take) => {
    try {
      take();
    } catch (err) {
      if (!(err instanceof ConfigError)) throw err;
      errors.inc();
      log.error({ err }, 'the new configuration cannot be used; the old one stays in force');
    }
  };
}
