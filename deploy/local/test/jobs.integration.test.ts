/** `npm run -s refrain -- jobs` on a jobs service whose router talks nonsense: what dies of it, and another try. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { create } from '@bufbuild/protobuf';
import {
  ExplainResponseSchema,
  FeedbackResponseSchema,
  GetRequestSchema,
  JobState,
  JobsService,
  Role,
  RouterService,
  SubmitRequestSchema,
} from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import {
  createGrpcClient,
  type GrpcClient,
  type GrpcServer,
  service as registered,
  startGrpcServer,
} from '@refrain/rpc';
import { eventually, type ServiceProcess, startNats, startProcess, type TestServer } from '@refrain/testkit';
import { root } from '../src/check/step.ts';
import { keepTenantSecret } from '../src/start/tenant-secret.ts';

describe('jobs', { timeout: 60_000 }, () => {
  let folder: string;
  let nats: TestServer;
  let router: GrpcServer;
  let service: ServiceProcess;
  let client: GrpcClient<typeof JobsService>;
  let id = '';
  const question = 'A question that no operator need read?';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'refrain-home-'));
    const secretFile = join(folder, 'data/mesh-secret');
    await keepTenantSecret(secretFile);
    nats = await startNats();
    const nonsense = async () => {
      throw new RefrainError('upstream', 'The provider sent a reply that makes no sense.', { reason: 'MALFORMED' });
    };
    const door = registered(RouterService, {
      complete: nonsense,
      streamComplete: async function* () {},
      explain: async () => create(ExplainResponseSchema),
      feedback: async () => create(FeedbackResponseSchema),
    });
    router = await startGrpcServer({ host: '127.0.0.1', port: 0, services: [door] });
    service = await startProcess({
      entry: 'services/jobs/src/main.ts',
      env: {
        ...{ JOBS_PORT: '0', JOBS_OPS_PORT: '0', JOBS_RETRY_BASE_MS: '20', NATS_URL: nats.url },
        ...{ ROUTER_ADDR: `127.0.0.1:${router.port}`, REFRAIN_MESH_SECRET_FILE: secretFile },
      },
    });
    client = createGrpcClient(JobsService, service.ready.grpc ?? '');
    const messages = [{ role: Role.USER, parts: [{ content: { case: 'text' as const, value: question } }] }];
    await eventually(
      async () => {
        try {
          id = (await client.submit(create(SubmitRequestSchema, { chat: { messages } }))).job?.id ?? '';
        } catch (error) {
          // NATS may not be there yet; all else ends the test.
          if (!(error instanceof RefrainError) || error.reason !== 'BUS_DOWN') throw error;
        }
        return id !== '';
      },
      { what: 'a job' },
    );
  });
  after(async () => {
    client?.close();
    await service?.stop();
    await router?.drain(0);
    await nats?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const jobs = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    new Promise<{ status: unknown; stdout: string; stderr: string }>((resolve) => {
      const program = ['deploy/local/src/refrain.ts', 'jobs', ...args, '--jobs', service.ready.grpc ?? ''];
      const all = { PATH: process.env.PATH, REFRAIN_HOME: folder, ...env };
      execFile(process.execPath, program, { cwd: root, env: all }, (error, stdout, stderr) =>
        resolve({ status: error ? error.code : 0, stdout, stderr }),
      );
    });
  const stateNow = async () => (await client.get(create(GetRequestSchema, { id }))).job?.state;

  it('show what died and why, without its question', async () => {
    await eventually(async () => (await stateNow()) === JobState.DEAD, { what: 'the job to die', timeoutMs: 30_000 });
    const { stdout } = await jobs(['--dead', '--json']);
    const [dead, ...rest] = JSON.parse(stdout).jobs as {
      id: string;
      state: string;
      attempts: number;
      errorCode: string;
    }[];
    assert.deepEqual([dead?.id, dead?.state, dead?.attempts, dead?.errorCode], [id, 'dead', 3, 'upstream']);
    assert.deepEqual(rest, []);
    const table = await jobs([]);
    const [titles = '', line = ''] = table.stdout.split('\n');
    assert.match(line, new RegExp(`^${id}  dead .*upstream`));
    const under = (title: string) => line.slice(titles.indexOf(title)).split(/ {2,}/)[0];
    assert.deepEqual([under('tries'), under('waits'), under('asked by')], ['3', '0', 'local/local']);
    for (const text of [stdout, table.stdout]) assert.doesNotMatch(text, new RegExp(question.slice(0, 20)));
  });

  it('are tried again where an operator says so, once for each word', async () => {
    const { status, stdout } = await jobs(['retry', id]);
    assert.deepEqual([status, stdout], [0, `${id} is queued again.\n`]);
    await eventually(async () => (await stateNow()) === JobState.DEAD, {
      what: 'the job to die again',
      timeoutMs: 30_000,
    });
    assert.equal((await jobs(['retry', '01890000-0000-7000-8000-000000000000'])).status, 1);
  });

  it('are shown to nobody without the secret of the mesh', async () => {
    const { status, stderr } = await jobs([], { REFRAIN_MESH_SECRET: 'another-secret-of-a-mesh' });
    assert.equal(status, 1);
    assert.match(stderr, /secret of the mesh is another/);
    for (const args of [['retry'], ['bury', id], ['retry', id, id]]) assert.equal((await jobs(args)).status, 2);
  });
});
