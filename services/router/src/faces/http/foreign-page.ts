import { RefrainError } from '@refrain/errors';
import { isLoopback } from '@refrain/service';

/**
 * A mesh without keys takes everybody who reaches its loopback address, and every web page that is open on this machine does: a form or
 * `fetch` with a plain content type needs no preflight. Browsers say where such a request comes from, and no other client does.
 * @throws RefrainError `denied` for an origin on the web that is not this machine
 */
export function refuseForeignPage(origin: string | undefined): void {
  if (origin === undefined || isOwn(origin)) return;
  throw new RefrainError('denied', "A mesh without callers' keys answers no web pages from elsewhere.", {
    reason: 'FOREIGN_PAGE',
  });
}

/** Also desktop programs, whose schemes are their own (`app://`, `file://`); a page that hides its origin says `null`. */
function isOwn(origin: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { hostname, protocol } = new URL(origin);
  return !['http:', 'https:'].includes(protocol) || isLoopback(hostname.replace(/^\[|\]$/g, ''));
}
