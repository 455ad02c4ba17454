/** A provider's days: they begin at midnight where it counts them, and are 23 or 25 hours long when its clocks change. */

const hourMs = 3_600_000;
/** No place's clocks differ more from UTC. */
const farthestMs = 15 * hourMs;

/** The calendar day at a place, as a number that grows with it. */
function dateAt(format: Intl.DateTimeFormat, ms: number): number {
  let date = 0;
  const parts = format.formatToParts(ms);
  for (const type of ['year', 'month', 'day'])
    date = date * 100 + Number(parts.find((part) => part.type === type)?.value);
  return date;
}

const formats: Map<string, Intl.DateTimeFormat> = new Map();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'iso8601',
    numberingSystem: 'latn',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  formats.set(timeZone, format);
  return format;
}

/** The first moment of the day there that lies `days` days from the one of `nowMs` (0: that day itself), in milliseconds since 1970. */
export function midnight(timeZone: string, nowMs: number, days = 0): number {
  const format = formatOf(timeZone);
  const today = dateAt(format, nowMs);
  const year = Math.floor(today / 10_000);
  const month = Math.floor(today / 100) % 100;
  const asUtc = Date.UTC(year, month - 1, (today % 100) + days);
  const noon = new Date(asUtc);
  const wanted = (noon.getUTCFullYear() * 100 + noon.getUTCMonth() + 1) * 100 + noon.getUTCDate();
  // Searched, not computed: some places change their clocks at midnight, and then the day begins at one.
  let before = asUtc - farthestMs;
  let after = asUtc + farthestMs;
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (dateAt(format, middle) < wanted) before = middle;
    else after = middle;
  }
  return after;
}

/** The midnights around a moment, yesterday's to that after tomorrow: whoever's clock is wrong by hours still finds the day in it. */
export class Days {
  readonly #timeZone: string;
  #midnights: readonly number[] = [];

  constructor(timeZone: string) {
    this.#timeZone = timeZone;
  }

  /** The midnights around `nowMs`, in order. */
  around(nowMs: number): readonly number[] {
    const [, today = 0, tomorrow = 0] = this.#midnights;
    if (nowMs < today || nowMs >= tomorrow) {
      this.#midnights = [-1, 0, 1, 2].map((days) => midnight(this.#timeZone, nowMs, days));
    }
    return this.#midnights;
  }
}
