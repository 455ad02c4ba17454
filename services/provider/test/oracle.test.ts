/**
 * The providers' own SDKs judge the scripted upstreams: what they cannot read or classify the script says wrongly, and
 * every test that stands on it would prove nothing.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type FaultKind, type Reply, type ScriptedUpstream, startUpstream, type UpstreamKind } from '@refrain/testkit';
import { Ollama } from 'ollama';
import { openClaude } from './oracles/claude.ts';
import { openGemini } from './oracles/gemini.ts';
import { openOllama } from './oracles/ollama.ts';
import { openOpenAi } from './oracles/openai.ts';
import type { OpenOracle, Oracle, Said } from './oracles/oracle.ts';

const oracles: Readonly<Record<UpstreamKind, OpenOracle>> = {
  openai: openOpenAi,
  claude: openClaude,
  gemini: openGemini,
  ollama: openOllama,
};
const faults: readonly FaultKind[] = [
  'rate_limited',
  'daily_quota',
  'spend_limit',
  'bad_key',
  'overloaded',
  'failed',
  'invalid',
  'model_missing',
  'context_too_long',
];
const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => assert.fail(`an answer instead of an error: ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );

for (const kind of Object.keys(oracles) as UpstreamKind[]) {
  describe(`the SDK of ${kind} and its scripted upstream`, () => {
    let upstream: ScriptedUpstream;
    let oracle: Oracle;
    before(async () => {
      upstream = await startUpstream(kind, { models: ['some-model'] });
      oracle = oracles[kind](upstream);
    });
    after(() => upstream.stop());

    /** The same script, asked for whole and as a stream. */
    const bothWays = async (reply: Reply, check: (said: Said) => void) => {
      upstream.script(reply, reply);
      check(await oracle.whole('Hello?'));
      check(await oracle.stream('Hello?'));
    };

    it('reads a whole answer and a streamed one alike: text, end, usage, model', async () => {
      const text = 'Grüße, 世界! 👩‍👩‍👧 “quoted”';
      await bothWays({ text, chunks: 4, usage: { prompt: 11, completion: 5 } }, (said) => {
        assert.equal(said.text, text);
        assert.equal(said.finish, oracle.finish.stop);
        assert.deepEqual([said.usage.prompt, said.usage.completion], [11, 5]);
        assert.equal(said.model, 'some-model');
      });
    });

    it('hears the stream piece by piece', async () => {
      upstream.script({ text: 'one two three', chunks: 3, paceMs: 5 });
      const pieces: string[] = [];
      await oracle.stream('Hello?', (text) => pieces.push(text));
      assert.deepEqual([pieces.length, pieces.join('')], [3, 'one two three']);
    });

    it('reads the stream however the network cuts it', async () => {
      upstream.script({ text: 'one two three', splitBytes: 7 });
      assert.equal((await oracle.stream('Hello?')).text, 'one two three');
    });

    it('finds every call of a tool with its arguments', async () => {
      const toolCalls = [
        { id: 'call_a', name: 'weather', arguments: { city: 'Köln', days: 3 } },
        { id: 'call_b', name: 'time', arguments: { zone: 'CET' } },
      ];
      await bothWays({ toolCalls }, (said) => {
        assert.deepEqual(
          said.toolCalls.map((call) => [call.name, call.arguments]),
          toolCalls.map((call) => [call.name, call.arguments]),
        );
        assert.equal(said.finish, oracle.finish.tools);
      });
    });

    it('sees why an answer ended', async () => {
      await bothWays({ finish: 'length' }, (said) => assert.equal(said.finish, oracle.finish.length));
      const filtered = oracle.finish.content_filter;
      if (filtered !== undefined) {
        await bothWays({ finish: 'content_filter' }, (said) => assert.equal(said.finish, filtered));
      }
    });

    it('counts cached and reasoning tokens', { skip: kind === 'ollama' && 'Ollama has neither' }, async () => {
      await bothWays({ usage: { prompt: 100, completion: 50, cached: 60, reasoning: 30 } }, (said) => {
        assert.deepEqual(said.usage, { prompt: 100, completion: 50, cached: 60, reasoning: 30 });
      });
    });

    it('keeps thoughts out of the text', async () => {
      upstream.script({ thinking: 'Let me see.', text: 'Done.' });
      assert.equal((await oracle.stream('Hello?')).text, 'Done.');
    });

    for (const fault of faults) {
      it(`raises its own error for ${fault}, whole and streamed`, async () => {
        upstream.script({ fault: { kind: fault } }, { fault: { kind: fault } });
        oracle.expectFault(fault, await errorOf(oracle.whole('Hello?')));
        oracle.expectFault(fault, await errorOf(oracle.stream('Hello?')));
      });
    }

    it('is told how long to wait', { skip: kind === 'ollama' && 'Ollama does not say' }, async () => {
      upstream.script({ fault: { kind: 'rate_limited', retryAfterMs: 46_000 } });
      assert.equal(oracle.toldToWait(await errorOf(oracle.whole('Hello?'))), 46_000);
    });

    it('raises its own error for one inside a stream', async () => {
      for (const errorEvent of ['first_token', 'middle'] as const) {
        upstream.script({ errorEvent, paceMs: 5 });
        oracle.expectStreamError(await errorOf(oracle.stream('Hello?')));
      }
    });

    it('does not take a broken connection or a chunk that is no JSON for an answer', async () => {
      const broken: Reply[] = [{ cut: 'middle' }, { cut: 'first_token' }];
      // The `ollama` package skips lines it cannot read.
      if (kind !== 'ollama') broken.push({ nonsense: 'json' });
      for (const reply of broken) {
        upstream.script(reply);
        assert.ok((await errorOf(oracle.stream('Hello?'))) instanceof Error, JSON.stringify(reply));
      }
    });
  });
}

describe('the SDK of ollama', () => {
  it('lists the models of its scripted upstream', async () => {
    const upstream = await startUpstream('ollama', { models: ['mistral:7b', 'llama2:13b'] });
    const { models } = await new Ollama({ host: upstream.url }).list();
    assert.deepEqual(
      models.map(({ name }) => name),
      ['mistral:7b', 'llama2:13b'],
    );
    await upstream.stop();
  });
});
