/**
 * One question to the small model. The library looks at an abort only between tokens that it makes, and reading a long
 * prompt takes many seconds: so the prompt is read here, piece by piece, before the answer begins.
 */
import { type Chat, FinishReason } from '@refrain/contracts';
import type { ChatWrapper, LlamaContextSequence, LlamaModel, Token } from 'node-llama-cpp';
import type { AdapterEvent } from '../adapter.ts';
import { seedOf } from '../request-parts.ts';
import type { EventQueue } from './event-queue.ts';
import { modelName } from './model.ts';
import type { LocalPrompt } from './to-history.ts';

/** Tokens of the prompt read at once: about half a second on one slow core. */
const pieceTokens = 48;

/** A loaded model and how its dialogues are written. */
export interface Speaker {
  readonly module: typeof import('node-llama-cpp');
  readonly model: LlamaModel;
  readonly wrapper: ChatWrapper;
}

/** What is asked, and who listens. */
export interface Conversation {
  readonly chat: Chat;
  readonly prompt: LocalPrompt;
  /** The prompt as the model reads it. */
  readonly tokens: readonly Token[];
  readonly maxTokens: number;
  readonly signal: AbortSignal;
  readonly events: EventQueue<AdapterEvent>;
}

/** The prompt as the model reads it, up to where its answer begins. */
export function toTokens({ model, wrapper }: Speaker, { history, question }: LocalPrompt): Token[] {
  const answer = { type: 'model' as const, response: [] };
  const chatHistory = [...history, { type: 'user' as const, text: question }, answer];
  return wrapper.generateContextState({ chatHistory }).contextText.tokenize(model.tokenizer);
}

/** Asks and tells the answer as it is made. Throws the signal's reason, soon after it aborts. */
export async function converse(
  { module, wrapper }: Speaker,
  sequence: LlamaContextSequence,
  { chat, events, maxTokens, prompt, signal, tokens }: Conversation,
): Promise<void> {
  await readPrompt(sequence, { tokens, signal, events });
  const session = new module.LlamaChatSession({ contextSequence: sequence, chatWrapper: wrapper, systemPrompt: '' });
  try {
    session.setChatHistory(prompt.history);
    const before = sequence.tokenMeter.getState();
    const seed = seedOf(chat);
    const { stopReason } = await session.promptWithMeta(prompt.question, {
      signal,
      maxTokens,
      temperature: chat.temperature ?? 0,
      ...(chat.topP !== undefined && { topP: chat.topP }),
      ...(seed !== undefined && { seed }),
      ...(chat.stop.length > 0 && { customStopTriggers: chat.stop }),
      repeatPenalty: {
        presencePenalty: chat.presencePenalty ?? 0,
        frequencyPenalty: chat.frequencyPenalty ?? 0,
      },
      // The last piece is often empty: nobody needs to hear it.
      onTextChunk: (text) => {
        if (text !== '') events.push({ kind: 'delta', delta: { text } });
      },
    });
    const completionTokens = sequence.tokenMeter.diff(before).usedOutputTokens;
    events.push({ kind: 'usage', usage: { promptTokens: tokens.length, completionTokens } });
    const finishReason = stopReason === 'maxTokens' ? FinishReason.LENGTH : FinishReason.STOP;
    events.push({ kind: 'final', finishReason, model: modelName });
  } finally {
    session.dispose({ disposeSequence: false });
  }
}

/** Brings the sequence to the prompt, keeping what it has of it; each piece is a sign of work. */
async function readPrompt(
  sequence: LlamaContextSequence,
  { tokens, signal, events }: Pick<Conversation, 'tokens' | 'signal' | 'events'>,
): Promise<void> {
  await sequence.adaptStateToTokens([...tokens], false);
  // The last token is left to the answer, which begins with what follows it.
  const end = tokens.length - 1;
  for (let at = sequence.nextTokenIndex; at < end; at += pieceTokens) {
    signal.throwIfAborted();
    await sequence.evaluateWithoutGeneratingNewTokens(tokens.slice(at, Math.min(at + pieceTokens, end)));
    events.push({ kind: 'alive', thinking: true });
  }
  signal.throwIfAborted();
}
