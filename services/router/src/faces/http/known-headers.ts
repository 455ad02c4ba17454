/** Our own headers of a request: one that nobody reads is refused, as a parameter is. A knob that does nothing is worse than an error. */
import type { IncomingHttpHeaders } from 'node:http';
import { RefrainError } from '@refrain/errors';
import { meantNames } from '@refrain/judgement';
import { shortened } from './violations.ts';

const prefix = 'x-refrain-';

/** What a request may say, as it stands in docs/http.md. */
const controls = ['cache', 'cache-tags', 'cache-ttl', 'fallback', 'minimum-confidence', 'timeout-ms'] as const;

/** What counts for nothing here and does no harm: what services of the mesh say to each other, and our own id, which proxies pass on. */
const passedOver = ['mesh-secret', 'tenant', 'user', 'tier', 'deferred', 'request-id'] as const;

const known: ReadonlySet<string> = new Set([...controls, ...passedOver].map((name) => prefix + name));

/** @throws RefrainError `unsupported` for a header of our own that no request has, with the one that was meant */
export function refuseUnknownHeaders(headers: IncomingHttpHeaders): void {
  for (const name in headers) {
    if (!name.startsWith(prefix) || known.has(name)) continue;
    const meant = meantNames(name.slice(prefix.length), controls).map((each) => prefix + each);
    const hint =
      meant.length > 0
        ? `Did you mean ${meant.join(' or ')}?`
        : `There is ${controls.map((each) => prefix + each).join(', ')}.`;
    const header = shortened(name);
    throw new RefrainError('unsupported', `No request has a header ${header}. ${hint}`, {
      reason: 'UNSUPPORTED_HEADER',
      fields: [{ field: header, description: 'is not known' }],
    });
  }
}
