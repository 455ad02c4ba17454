/** `jobs`: the jobs of all tenants, and another try for a dead one, asked of the jobs service with the mesh's own secret. */
import { parseArgs } from 'node:util';
import { create } from '@bufbuild/protobuf';
import { type Job, JobState, JobsService, ListRequestSchema, RetryRequestSchema } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import { createGrpcClient, type GrpcClient } from '@refrain/rpc';
import { operatorMetadata } from '@refrain/service';
import type { Home } from '../start/home.ts';
import { readMeshFile } from '../start/mesh-file.ts';
import { toColumns } from './columns.ts';
import { meshSecretOf } from './mesh-secret.ts';
import { toMoment } from './moment.ts';
import { asUsage, UsageError } from './usage-error.ts';

const stateNames: Readonly<Record<number, string>> = {
  [JobState.QUEUED]: 'queued',
  [JobState.RUNNING]: 'running',
  [JobState.DONE]: 'done',
  [JobState.FAILED]: 'failed',
  [JobState.DEAD]: 'dead',
};
const connectMs = 5000;

type Jobs = GrpcClient<typeof JobsService>;

/** Lists jobs, or has a dead one tried again. 0, or 1 where no dead job has that id. */
export async function runJobs(args: readonly string[], home: Home, out: (text: string) => void): Promise<number> {
  const flag = { type: 'boolean', default: false } as const;
  const { values, positionals } = asUsage(() =>
    parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { json: flag, dead: flag, jobs: { type: 'string' } },
    }),
  );
  const [kind, id, ...rest] = positionals;
  if (kind !== undefined && kind !== 'retry') throw new UsageError(`jobs has no ${kind}`);
  if (rest.length > 0 || (kind === 'retry' && !id)) throw new UsageError('jobs retry takes one id');
  const address = values.jobs ?? readMeshFile(home.meshFile)?.jobs.grpc;
  if (address === undefined) throw new Error(`no mesh runs in ${home.folder}; --jobs HOST:PORT names a jobs service`);
  const metadata = operatorMetadata(meshSecretOf(home));
  const jobs = createGrpcClient(JobsService, address);
  try {
    await jobs.waitForReady(connectMs);
    if (id !== undefined) return await retry(jobs, id, metadata, out);
    const request = create(ListRequestSchema, { state: values.dead ? JobState.DEAD : JobState.UNSPECIFIED });
    const found = (await jobs.list(request, { metadata })).jobs;
    out(values.json ? `${JSON.stringify({ jobs: found.map(toRow) }, null, 2)}\n` : toTable(found));
    return 0;
  } finally {
    jobs.close();
  }
}

async function retry(
  jobs: Jobs,
  id: string,
  metadata: Readonly<Record<string, string>>,
  out: (text: string) => void,
): Promise<number> {
  try {
    await jobs.retry(create(RetryRequestSchema, { id }), { metadata });
  } catch (error) {
    if (!(error instanceof RefrainError) || error.code !== 'not_found') throw error;
    out(`No dead job is called ${id}.\n`);
    return 1;
  }
  out(`${id} is queued again.\n`);
  return 0;
}

function toRow(job: Job) {
  const { id, tenant, user, attempts, waits, errorCode, errorReason } = job;
  return {
    ...{ id, tenant, user, attempts, waits, errorCode, errorReason },
    state: stateNames[job.state] ?? 'unknown',
    createdAtMs: Number(job.createdAtMs),
    finishedAtMs: Number(job.finishedAtMs),
    expiresAtMs: Number(job.expiresAtMs),
    costNanoUsd: Number(job.cost?.nanoUsd ?? 0n),
  };
}

function toTable(jobs: readonly Job[]): string {
  if (jobs.length === 0) return 'There are none.\n';
  const rows = jobs
    .map(toRow)
    .map(({ id, tenant, user, state, attempts, waits, createdAtMs, errorCode, errorReason }) => {
      const fault = errorCode === '' ? '' : `${errorCode} (${errorReason})`;
      return [id, state, `${attempts}`, `${waits}`, toMoment(createdAtMs), `${tenant}/${user}`, fault];
    });
  return toColumns(['id', 'state', 'tries', 'waits', 'created (UTC)', 'asked by', 'fault'], rows);
}
