/** Every NATS subject of the mesh, built in one place. Tokens are `[a-z0-9-]`, 32 characters at most. */

/** A worker's queue for one class of callers; the weights live with the worker. */
export type Lane = 'high' | 'normal' | 'low';

/** All lanes, most urgent first. */
export const lanes: readonly Lane[] = ['high', 'normal', 'low'];

const token = /^[a-z0-9-]{1,32}$/;

/** Whether a name may stand in a subject. */
export function isSubjectToken(name: string): boolean {
  return token.test(name);
}

function checked(name: string): string {
  if (!isSubjectToken(name)) throw new TypeError(`not a subject token: ${JSON.stringify(name)}`);
  return name;
}

/** Where work for a provider waits for a worker (core NATS, queue group `workers`). */
export function workSubject(provider: string, lane: Lane): string {
  return `refrain.v1.work.${checked(provider)}.${lane}`;
}

/** Where a router says cancel to all workers of a provider, while it does not know yet which of them has its request. */
export function controlSubject(provider: string): string {
  return `refrain.v1.control.${checked(provider)}`;
}

/** Where NATS callers ask; `*` listens for all clients. */
export function completeSubject(client: string): string {
  return `refrain.v1.complete.${client === '*' ? '*' : checked(client)}`;
}

/** Where what happened is told; never with prompt or answer. `*` listens for all tenants or kinds. */
export function eventSubject(tenant: string, kind: string): string {
  return `refrain.v1.events.${tenant === '*' ? '*' : checked(tenant)}.${kind === '*' ? '*' : checked(kind)}`;
}

/** The tenant under which the mesh itself tells its operators. */
export const meshTenant = 'mesh';

/** Where workers put usage records (JetStream). */
export function usageSubject(provider: string): string {
  return `refrain.v1.usage.${checked(provider)}`;
}

/** Where semantic hits wait to be asked afresh (JetStream). They carry prompts: nobody but the routers may read it. */
export const reviewSubject = 'refrain.v1.review';

/** Where jobs wait to be answered (JetStream). They carry prompts: nobody but the jobs service may read `refrain.v1.jobs.>`. */
export const jobsSubject = 'refrain.v1.jobs.queue';

/** Where it is kept how a job stands, its answer included (JetStream); `*` stands for all jobs. */
export function jobStateSubject(id: string): string {
  return `refrain.v1.jobs.state.${id === '*' ? '*' : idToken(id)}`;
}

/** Where it is kept which job an idempotency key stands for; `digest` is 32 hex digits. */
export function jobKeySubject(digest: string): string {
  return `refrain.v1.jobs.key.${checked(digest)}`;
}

/** Where a job lies whose every try failed, its question included (JetStream); `*` stands for all of them. */
export function deadJobSubject(id: string): string {
  return `refrain.v1.jobs.dead.${id === '*' ? '*' : idToken(id)}`;
}

/** A UUID without its dashes is as long as a token may be. */
function idToken(id: string): string {
  return checked(id.replaceAll('-', ''));
}
