/** Contract: an answer costs the same however it comes. What a provider's own SDK counts in a whole reply is what we count in its stream. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { UsageSchema } from '@refrain/contracts';
import { costNanoUsd, type Price } from '@refrain/judgement';
import { type Reply, type ScriptedUpstream, startUpstream, type UpstreamKind } from '@refrain/testkit';
import { createUpstreamClient, type UpstreamClient } from '../src/upstream/http.ts';
import { UsageMeter } from '../src/usage.ts';
import { adapterFor, ask } from './ask.ts';
import { chatOf } from './chats.ts';
import { openClaude } from './oracles/claude.ts';
import { openGemini } from './oracles/gemini.ts';
import { openOllama } from './oracles/ollama.ts';
import { openOpenAi } from './oracles/openai.ts';
import type { OpenOracle, Oracle } from './oracles/oracle.ts';

/** Every kind of token at another price, so that none can be taken for another. */
const byToken: Price = {
  input: 7_000_000,
  output: 110_000_000,
  cachedInput: 1_000_000,
  cacheWrite: 13_000_000,
  reasoning: 170_000_000,
};
const byCharacter: Price = { input: 3_000_000, output: 5_000_000, per: 'character' };
const oracles: Readonly<Record<UpstreamKind, OpenOracle>> = {
  openai: openOpenAi,
  claude: openClaude,
  gemini: openGemini,
  ollama: openOllama,
};
const text = 'Grüße, 世界! 🎉';
const question = 'Hello?';

for (const kind of Object.keys(oracles) as UpstreamKind[]) {
  describe(`an answer of ${kind}`, () => {
    let upstream: ScriptedUpstream;
    let client: UpstreamClient;
    let oracle: Oracle;
    before(async () => {
      upstream = await startUpstream(kind, { models: ['some-model'] });
      client = createUpstreamClient();
      oracle = oracles[kind](upstream);
    });
    after(async () => {
      client.close();
      await upstream.stop();
    });

    /** What the attempt's meter makes of the stream. */
    const streamed = async (reply: Reply) => {
      const adapter = adapterFor(kind, upstream, client.fetch);
      upstream.script(reply);
      const heard = await ask(adapter, { chat: chatOf(question), fetch: client.fetch });
      await adapter.close();
      assert.equal(heard.error, undefined);
      const meter = new UsageMeter();
      meter.told(heard.usage);
      for (const piece of heard.text) meter.said({ text: piece });
      meter.finished();
      return meter.usage(chatOf(question));
    };
    const whole = async (reply: Reply, more: MessageInitShape<typeof UsageSchema> = {}) => {
      upstream.script(reply);
      const { usage } = await oracle.whole(question);
      const { prompt = 0, completion = 0 } = usage;
      const counts = { promptTokens: prompt, completionTokens: completion };
      return create(UsageSchema, {
        ...counts,
        cachedPromptTokens: usage.cached ?? 0,
        reasoningTokens: usage.reasoning ?? 0,
        ...more,
      });
    };

    it('costs as a stream what it costs as a whole, cached and reasoning tokens apart', async () => {
      const apart = kind === 'ollama' ? {} : { cached: 60, reasoning: 30 };
      const reply = { text, chunks: 3, usage: { prompt: 100, completion: 50, ...apart } };
      const cost = costNanoUsd(await streamed(reply), byToken);
      assert.equal(cost, costNanoUsd(await whole(reply), byToken));
      assert.equal(cost, kind === 'ollama' ? 100n * 7n + 50n * 110n : 40n * 7n + 60n + 20n * 110n + 30n * 170n);
    });

    it('costs as a stream what it costs as a whole by characters', async () => {
      const reply = { text, chunks: 3, usage: { prompt: 100, completion: 50 } };
      const characters = { promptCharacters: [...question].length, completionCharacters: [...text].length };
      assert.equal(
        costNanoUsd(await streamed(reply), byCharacter),
        costNanoUsd(await whole(reply, characters), byCharacter),
      );
    });
  });
}
