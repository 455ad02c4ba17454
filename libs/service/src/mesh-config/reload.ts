import { ConfigError } from '../config-error.ts';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics.ts';

/** Takes another configuration into use, or refuses it by a ConfigError; `of` names what it came from where there are several. */
export type Reload = (take: () => void, of?: string) => void;

/** How a running service takes what its files say anew, and whether the last it read could be used. */
export interface Reloading {
  readonly reload: Reload;
  /** The first fault of what was refused and is not mended yet; empty where all that was read is in force. */
  readonly fault: string;
}

/**
 * What a ConfigError refuses leaves the old in force, is logged, counted (`refrain_config_errors_total`) and told until it is mended
 * (`refrain_config_last_reload_successful`): a service that starts again meanwhile would not come up. Any other error is thrown on. Once
 * for each service: it registers the metrics.
 */
export function createReloading({
  log,
  metrics,
}: {
  readonly log: Pick<Logger, 'error'>;
  readonly metrics: Pick<Metrics, 'counter' | 'watched'>;
}): Reloading {
  const faults = new Map<string, string>();
  const errors = metrics.counter(
    'config_errors_total',
    'Times that refrain.yaml, or a file it leads to, could not be used and the old one stayed in force.',
  );
  metrics.watched(
    'config_last_reload_successful',
    '0 while refrain.yaml, or a file it leads to, cannot be used and the old one stays in force.',
    () => (faults.size === 0 ? 1 : 0),
  );
  return {
    reload: (take, of = '') => {
      try {
        take();
        faults.delete(of);
      } catch (err) {
        if (!(err instanceof ConfigError)) throw err;
        errors.inc();
        faults.set(of, err.message.split('\n', 1)[0] ?? '');
        log.error({ err }, 'the new configuration cannot be used; the old one stays in force');
      }
    },
    get fault() {
      return [...faults.values()][0] ?? '';
    },
  };
}
