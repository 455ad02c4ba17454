import { type Chat, Role } from '@refrain/contracts';
import { cannot } from '../../upstream/failures.ts';
import { isTextOnly, splitSystem, textOfMessage } from '../request-parts.ts';

/** A turn in node-llama-cpp's words. */
export type HistoryItem =
  | { readonly type: 'system'; readonly text: string }
  | { readonly type: 'user'; readonly text: string }
  | { readonly type: 'model'; readonly response: string[] };

/** The dialogue before the question, and the question. */
export interface LocalPrompt {
  readonly history: HistoryItem[];
  readonly question: string;
}

/**
 * What the small in-process model is given. The system prompt is always there, empty if need be: without one the
 * model's template puts in its own, which makes answers slower and worse.
 * @throws RefrainError `unsupported` for what the model cannot do.
 */
export function toHistory(chat: Chat): LocalPrompt {
  if (chat.tools.length > 0 && chat.toolChoice?.mode !== 'none')
    throw cannot('chat.tools', 'the local model calls no tools');
  const format = chat.responseFormat?.type ?? '';
  if (format !== '' && format !== 'text') throw cannot('chat.response_format', 'the local model writes text only');
  if (chat.reasoningEffort !== '') throw cannot('chat.reasoning_effort', 'the local model does not reason');
  const { system, turns } = splitSystem(chat.messages);
  const history: HistoryItem[] = [{ type: 'system', text: turns.length === 0 ? '' : system }];
  for (const message of turns) {
    if (message.role === Role.TOOL || message.toolCalls.length > 0)
      throw cannot('chat.messages', 'the local model calls no tools');
    if (!isTextOnly(message)) throw cannot('chat.messages.parts.image', 'the local model sees no pictures');
    const text = textOfMessage(message);
    if (message.role === Role.ASSISTANT) history.push({ type: 'model', response: [text] });
    else history.push({ type: 'user', text });
  }
  if (turns.length === 0) return { history, question: system };
  const last = history.pop();
  if (last?.type !== 'user')
    throw cannot('chat.messages', 'the local model answers a user message: it must be the last');
  return { history, question: last.text };
}
