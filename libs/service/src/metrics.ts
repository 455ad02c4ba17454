import client from 'prom-client';

type Labels = Readonly<Record<string, string>>;

/** Counts up. */
export interface Counter {
  inc(labels?: Labels, by?: number): void;
}

/** Goes up and down. */
export interface Gauge {
  set(value: number, labels?: Labels): void;
  /** What had these labels is no more. */
  remove(labels: Labels): void;
}

/** Sorts observations (seconds, unless the name says otherwise) into buckets. */
export interface Histogram {
  observe(value: number, labels?: Labels): void;
}

const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** A service's own registry of Prometheus metrics; every name starts with `refrain_`. Never label by prompt, id or key (the hash of a provider's key may be one). */
export class Metrics {
  readonly #registry: client.Registry = new client.Registry();

  constructor(service: string) {
    this.#registry.setDefaultLabels({ service });
    client.collectDefaultMetrics({ register: this.#registry });
  }

  /** A counter; `name` ends in `_total`. */
  counter(name: string, help: string, labelNames: readonly string[] = []): Counter {
    const metric = new client.Counter({
      name: `refrain_${name}`,
      help,
      labelNames: [...labelNames],
      registers: [this.#registry],
    });
    return { inc: (labels = {}, by = 1) => metric.inc(labels, by) };
  }

  /** A gauge that is read when somebody looks. */
  watched(name: string, help: string, read: () => number): void {
    new client.Gauge({
      name: `refrain_${name}`,
      help,
      registers: [this.#registry],
      collect() {
        this.set(read());
      },
    });
  }

  /** A gauge. */
  gauge(name: string, help: string, labelNames: readonly string[] = []): Gauge {
    const metric = new client.Gauge({
      name: `refrain_${name}`,
      help,
      labelNames: [...labelNames],
      registers: [this.#registry],
    });
    return {
      set: (value, labels = {}) => metric.set(labels, value),
      remove: (labels) => metric.remove(labels),
    };
  }

  /** A histogram; `name` ends in its unit. */
  histogram(
    name: string,
    help: string,
    labelNames: readonly string[] = [],
    buckets: readonly number[] = secondsBuckets,
  ): Histogram {
    const metric = new client.Histogram({
      name: `refrain_${name}`,
      help,
      labelNames: [...labelNames],
      buckets: [...buckets],
      registers: [this.#registry],
    });
    return { observe: (value, labels = {}) => metric.observe(labels, value) };
  }

  /** Everything in Prometheus' text form. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
