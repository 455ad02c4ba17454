/** What the dial of `refrain.yaml` would do to an operator's own prompts: who is asked first, how good they are and what that costs. */
import { create } from '@bufbuild/protobuf';
import { ChatSchema, Role } from '@refrain/contracts';
import { createLexicalClassifier, estimateNanoUsd, planRoutes, promptTokens } from '@refrain/judgement';
import type { MeshConfig, Tier } from '@refrain/service';

/** The dial at one place, over all prompts. */
export interface CurvePoint {
  readonly dial: number;
  /** Of the models that are asked first; 0 where none is. */
  readonly meanRank: number;
  /** What a thousand such prompts cost there, in dollars; models without a price count as nothing. */
  readonly usdPerThousand: number;
  /** Share of the prompts that each model is asked first, the largest first. */
  readonly firsts: Readonly<Record<string, number>>;
}

/** What the curve is drawn for. */
export interface CurveOptions {
  readonly tier: Tier;
  /** Tokens of an answer. */
  readonly answerTokens: number;
  /** Places between 0 and 1, both included. */
  readonly steps: number;
}

/** The curve of a configuration over some prompts, by its own rules and classifier. */
export function dialCurve(mesh: MeshConfig, prompts: readonly string[], options: CurveOptions): CurvePoint[] {
  const classifier = createLexicalClassifier(mesh.classifier);
  const asked = prompts.map((prompt) => {
    const parts = [{ content: { case: 'text' as const, value: prompt } }];
    const messages = [{ role: Role.USER, parts }];
    const chat = create(ChatSchema, { model: 'auto', messages, maxTokens: options.answerTokens });
    return { chat, classification: classifier.classify(chat) };
  });
  const caller = { tenant: mesh.local.tenant, user: mesh.local.user, tier: options.tier };
  return Array.from({ length: options.steps + 1 }, (_, i) => {
    const dial = i / options.steps;
    const table = { ...mesh, policy: { dial } };
    const counts = new Map<string, number>();
    let ranks = 0;
    let nanoUsd = 0n;
    for (const { chat, classification } of asked) {
      const [first] = planRoutes(table, { chat, classification, caller }).routes;
      if (!first) continue;
      const name = `${first.provider}/${first.model}`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
      ranks += first.rank;
      const tokens = { promptTokens: promptTokens(chat), completionTokens: options.answerTokens };
      if (first.price) nanoUsd += estimateNanoUsd(tokens, first.price);
    }
    const count = Math.max(1, asked.length);
    const firsts = [...counts].sort(([, a], [, b]) => b - a).map(([name, times]) => [name, times / count]);
    return {
      dial,
      meanRank: ranks / count,
      usdPerThousand: ((Number(nanoUsd) / count) * 1000) / 1e9,
      firsts: Object.fromEntries(firsts) as Record<string, number>,
    };
  });
}
