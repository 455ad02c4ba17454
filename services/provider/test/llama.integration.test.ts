/** The real small model in this process, and how it shares the work with an Ollama server. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { FinishReason } from '@refrain/contracts';
import { eventually, modelsFolder, silentLog, startUpstream } from '@refrain/testkit';
import type { Adapter } from '../src/adapters/adapter.ts';
import { GgufModel } from '../src/adapters/llama/gguf.ts';
import { createLlamaAdapter } from '../src/adapters/llama/index.ts';
import { fetchModel, modelFile, modelName } from '../src/adapters/llama/model.ts';
import { createUpstreamClient, type UpstreamClient } from '../src/upstream/http.ts';
import { ask } from './ask.ts';
import { chatOf, toolChat } from './chats.ts';

const say = (line: string) => process.stderr.write(`${line}\n`);
const missing = await fetchModel(modelsFolder, say).then(
  () => undefined,
  (error: Error) => error.message,
);
const skip = missing !== undefined && !process.env.CI && `NOT TESTED: ${missing}`;
/** As refrain.yaml names them. */
const modelsOf = (contextTokens: number) => [
  { name: 'mistral:7b', contextTokens: 32_768 },
  { name: modelName, contextTokens },
];
const nowhere = 'http://127.0.0.1:9';
const france = chatOf('What is the capital of France?', { temperature: 0 });

describe('the small local model', { skip }, () => {
  let client: UpstreamClient;
  let adapter: Adapter;
  const listen = (chat = france, signal?: AbortSignal) =>
    ask(adapter, { chat, fetch: client.fetch, model: modelName, ...(signal && { signal }) });

  before(async () => {
    assert.equal(missing, undefined);
    client = createUpstreamClient();
    const models = modelsOf(2048);
    adapter = createLlamaAdapter({ ollamaUrl: nowhere, models, modelsFolder, fetch: client.fetch, log: silentLog });
    await eventually(() => adapter.has(modelName), { timeoutMs: 60_000, what: 'the model to be loaded' });
  });
  after(async () => {
    await adapter?.close();
    client?.close();
  });

  it('knows the capital of France, and says it piece by piece', async () => {
    const heard = await listen();
    assert.match(heard.text, /Paris/);
    assert.ok(heard.deltas > 2, `${heard.deltas} pieces`);
    assert.equal(heard.finish, FinishReason.STOP);
    assert.equal(heard.model, modelName);
    const { promptTokens = 0, completionTokens = 0 } = heard.usage;
    assert.ok(promptTokens > 7 && promptTokens < 60, `${promptTokens} prompt tokens`);
    assert.ok(completionTokens >= 5 && completionTokens < 60, `${completionTokens} tokens said`);
  });

  it('gives the same answer again at temperature 0, whatever was asked in between', async () => {
    const { text } = await listen();
    await listen(chatOf('Name a colour.', { temperature: 0, maxTokens: 10 }));
    assert.equal((await listen()).text, text);
  });

  it('stops at the limit of tokens and says so', async () => {
    const heard = await listen(chatOf('Tell me a long story.', { temperature: 0, maxTokens: 8 }));
    assert.equal(heard.finish, FinishReason.LENGTH);
    assert.ok((heard.usage.completionTokens ?? 0) <= 8);
  });

  for (const [when, kind, chat] of [
    ['while it reads a long prompt', 'alive', chatOf('word '.repeat(1500))],
    ['while it answers', 'delta', chatOf('Tell me a long story.', { maxTokens: 1000 })],
  ] as const) {
    it(`stops within a second when the caller leaves ${when}, and serves the next`, async () => {
      const abort = new AbortController();
      const reason = new Error('left');
      let leftAt = 0;
      const listening = async () => {
        const context = { fetch: client.fetch, signal: abort.signal };
        for await (const event of adapter.stream({ model: modelName, chat }, context)) {
          if (event.kind !== kind || leftAt > 0) continue;
          leftAt = performance.now();
          abort.abort(reason);
        }
      };
      await assert.rejects(listening(), reason);
      const tookMs = performance.now() - leftAt;
      assert.ok(leftAt > 0 && tookMs < 1000, `${tookMs} ms`);
      assert.match((await listen()).text, /Paris/);
    });
  }

  it('answers more callers than it has conversations, one after the other', async () => {
    const heard = await Promise.all([listen(), listen(), listen()]);
    for (const { text, error } of heard) assert.match(error?.message ?? text, /Paris/);
  });

  it('lets a caller go that left while it waited', async () => {
    const abort = new AbortController();
    const busy = [listen(), listen()];
    const waiting = listen(france, abort.signal);
    abort.abort(new Error('left'));
    assert.equal((await waiting).error?.message, 'left');
    for (const { text } of await Promise.all(busy)) assert.match(text, /Paris/);
  });

  it('refuses tools, and prompts that leave no room for an answer, before it begins', async () => {
    const { error: tools } = await listen(toolChat('auto'));
    assert.deepEqual([tools?.code, tools?.fields[0]?.field], ['unsupported', 'chat.tools']);
    const { error: long } = await listen(chatOf('word '.repeat(2100)));
    assert.deepEqual([long?.code, long?.reason], ['unavailable', 'CONTEXT_TOO_LONG']);
  });

  it('has the context that refrain.yaml says, so that the router knows what fits, and never more than it was trained for', async () => {
    const warnings: object[] = [];
    const log = { ...silentLog, warn: (fields: object) => void warnings.push(fields) };
    const words = (count: number) => chatOf('word '.repeat(count), { maxTokens: 1 });
    for (const [contextTokens, fitting, tooLong] of [
      [300, 150, 250],
      [100_000, 20, 8200],
    ] as const) {
      const other = createLlamaAdapter({
        ...{ ollamaUrl: nowhere, models: modelsOf(contextTokens), modelsFolder, fetch: client.fetch, log },
      });
      await eventually(() => other.has(modelName), { timeoutMs: 60_000, what: 'the model to be loaded' });
      const hear = (count: number) => ask(other, { chat: words(count), fetch: client.fetch, model: modelName });
      assert.equal((await hear(fitting)).error, undefined);
      assert.equal((await hear(tooLong)).error?.reason, 'CONTEXT_TOO_LONG');
      await other.close();
    }
    assert.equal(warnings.length, 1);
  });

  it('says what it serves', () => {
    assert.deepEqual(adapter.state(), { ok: true, text: `no Ollama; ${modelName}: ready` });
    assert.ok(!adapter.has('mistral:7b'));
  });

  it('serves beside an Ollama that has none of our models, and leaves the work to one that has', async () => {
    const server = await startUpstream('ollama', { models: ['foreign:1b'] });
    const other = await startUpstream('ollama', { models: ['foreign:1b', 'mistral:7b'] });
    const open = (ollamaUrl: string) =>
      createLlamaAdapter({
        ollamaUrl,
        models: modelsOf(2048),
        modelsFolder,
        fetch: client.fetch,
        log: silentLog,
      });
    const [without, having] = [open(server.url), open(other.url)];
    await eventually(() => without.has(modelName) && having.has('mistral:7b'), { timeoutMs: 60_000 });
    assert.equal(without.state().text, `Ollama with 1 models; ${modelName}: ready`);
    assert.deepEqual(having.state(), { ok: true, text: 'Ollama with 2 models, 1 of ours' });
    assert.ok(!having.has(modelName), 'the small model is not even loaded');
    await Promise.all([without.close(), having.close(), server.stop(), other.stop()]);
  });
});

describe('without the model’s file', () => {
  it('says what is missing, works on without it, and finds it when it comes later', { skip }, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'refrain-models-'));
    t.after(() => rm(folder, { recursive: true }));
    const warnings: object[] = [];
    const model = new GgufModel({
      modelsFolder: folder,
      contextTokens: 512,
      log: { ...silentLog, warn: (fields) => void warnings.push(fields) },
    });
    await model.load();
    await model.load();
    assert.equal(model.state, 'no model: SmolLM2-135M-Instruct.Q4_1.gguf is missing');
    assert.deepEqual([model.ready, model.loading, warnings.length], [false, false, 1]);
    await writeFile(modelFile(folder), 'not a model');
    await model.load();
    assert.match(model.state, /has another checksum/);
    await rm(modelFile(folder));
    await symlink(modelFile(modelsFolder), modelFile(folder));
    await model.load();
    assert.deepEqual([model.state, model.ready], ['ready', true]);
    await model.close();
  });
});

describe('the program that fetches the model', () => {
  const main = join(import.meta.dirname, '../src/adapters/llama/fetch-model.main.ts');
  const run = (folder: string) => promisify(execFile)(process.execPath, [main, folder]);

  it('leaves a right file as it is', { skip }, async () => {
    assert.deepEqual(await run(modelsFolder), { stdout: '', stderr: '' });
  });

  it('ends with 1 and a sentence when it cannot', async () => {
    await assert.rejects(run('/dev/null/models'), (error: Error & { code: number; stderr: string }) => {
      assert.equal(error.code, 1);
      assert.match(error.stderr, /^ENOTDIR: .*\n$/);
      return true;
    });
  });
});
