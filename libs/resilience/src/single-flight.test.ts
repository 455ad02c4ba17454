import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SingleFlight } from './single-flight.ts';

/** A run whose events the test hands out one by one. */
class Run {
  started = 0;
  signal: AbortSignal | undefined;
  readonly #queue: (string | Error | null)[] = [];
  #wake: () => void = () => undefined;

  readonly lead = (signal: AbortSignal): AsyncIterable<string> => {
    this.started += 1;
    this.signal = signal;
    return this.#events();
  };

  /** An event, an error, or null for the end. */
  tell(event: string | Error | null): void {
    this.#queue.push(event);
    this.#wake();
  }

  async *#events(): AsyncGenerator<string> {
    for (;;) {
      const next = this.#queue.shift();
      if (next === null) return;
      if (next instanceof Error) throw next;
      if (next !== undefined) yield next;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }
}

const collect = (events: AsyncIterable<string>) => Array.fromAsync(events);
const turn = () => new Promise((resolve) => setImmediate(resolve));

test('a thousand who ask for one key share one run and all hear the whole of it', async () => {
  const flights = new SingleFlight<string>();
  const run = new Run();
  const joined = Array.from({ length: 1000 }, () => flights.join('k', run.lead));
  const heard = joined.map(({ events }) => collect(events));
  for (const event of ['a', 'b', 'c', null]) run.tell(event);
  for (const each of await Promise.all(heard)) assert.deepEqual(each, ['a', 'b', 'c']);
  assert.equal(run.started, 1);
  assert.equal(joined.filter(({ leader }) => leader).length, 1);
  assert.equal(flights.size, 0);
});

test('who joins late first hears what was said, then what comes', async () => {
  const flights = new SingleFlight<string>();
  const run = new Run();
  const first = collect(flights.join('k', run.lead).events);
  run.tell('a');
  await turn();
  const late = flights.join('k', run.lead);
  run.tell('b');
  run.tell(null);
  assert.equal(late.leader, false);
  assert.deepEqual(await collect(late.events), ['a', 'b']);
  assert.deepEqual(await first, ['a', 'b']);
});

test('different keys do not share, and an ended flight is not joined', async () => {
  const flights = new SingleFlight<string>();
  const runs = [new Run(), new Run(), new Run()] as const;
  const a = collect(flights.join('a', runs[0].lead).events);
  const b = collect(flights.join('b', runs[1].lead).events);
  assert.equal(flights.size, 2);
  for (const run of runs) run.tell(null);
  await Promise.all([a, b]);
  assert.equal(flights.join('a', runs[2].lead).leader, true);
});

test('one who leaves stops nothing; when the last one leaves the run is aborted and the key is free', async () => {
  const flights = new SingleFlight<string>();
  const run = new Run();
  const first = flights.join('k', run.lead).events[Symbol.asyncIterator]();
  const second = flights.join('k', run.lead).events[Symbol.asyncIterator]();
  await first.return?.();
  assert.equal(run.signal?.aborted, false);
  run.tell('a');
  assert.deepEqual(await second.next(), { done: false, value: 'a' });
  await second.return?.();
  assert.equal(run.signal?.aborted, true);
  const next = new Run();
  assert.equal(flights.join('k', next.lead).leader, true, 'nobody joins a run that is being aborted');
  run.tell(null);
  await turn();
  assert.equal(flights.size, 1, 'the end of the aborted run does not end the new one');
});

test('a leader that leaves is not missed: the followers hear the run to its end', async () => {
  const flights = new SingleFlight<string>();
  const run = new Run();
  const leader = flights.join('k', run.lead).events[Symbol.asyncIterator]();
  const follower = collect(flights.join('k', run.lead).events);
  await leader.return?.();
  for (const event of ['a', 'b', null]) run.tell(event);
  assert.deepEqual(await follower, ['a', 'b']);
});

test('a reader that waits is let go when it leaves', async () => {
  const flights = new SingleFlight<string>();
  const events = flights.join('k', new Run().lead).events[Symbol.asyncIterator]();
  const waiting = events.next();
  await events.return?.();
  assert.deepEqual(await waiting, { done: true, value: undefined });
});

test('an error reaches everybody after what was said before it, and the next one who asks runs anew', async () => {
  const flights = new SingleFlight<string>();
  const run = new Run();
  const iterators = [0, 1].map(() => flights.join('k', run.lead).events[Symbol.asyncIterator]());
  run.tell('a');
  run.tell(new Error('cut'));
  for (const iterator of iterators) {
    assert.deepEqual(await iterator.next(), { done: false, value: 'a' });
    await assert.rejects(iterator.next(), { message: 'cut' });
    assert.deepEqual(await iterator.next(), { done: true, value: undefined });
  }
  assert.equal(flights.join('k', new Run().lead).leader, true);
});

test('a run that cannot even begin is an error of its flight', async () => {
  const flights = new SingleFlight<string>();
  const { events } = flights.join('k', () => {
    throw new Error('no route');
  });
  await assert.rejects(collect(events), { message: 'no route' });
  assert.equal(flights.size, 0);
});
