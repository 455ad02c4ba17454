/**
 * Anthropic's Messages API knows no system role among the turns, wants turns to alternate, and tool results inside a
 * user turn: system messages are joined into `system`, neighbours of one role are merged.
 */
import { type Chat, type Image, type Message, type Part, Role } from '@refrain/contracts';
import { cannot } from '../../upstream/failures.ts';
import type { AdapterCall } from '../adapter.ts';
import { dataUrl, jsonObject, splitSystem, textOfMessage } from '../request-parts.ts';

interface Turn {
  readonly role: 'user' | 'assistant';
  readonly content: object[];
}

const defaultMaxTokens = 1000;
const efforts: Readonly<Record<string, string>> = { minimal: 'low', low: 'low', medium: 'medium', high: 'high' };

/** The body of POST /v1/messages. Throws RefrainError `unsupported` for what Claude cannot do. */
export function toClaudeRequest(call: AdapterCall): object {
  const { chat } = call;
  refuseUnknown(chat);
  const { system, turns } = splitSystem(chat.messages);
  const messages = toTurns(turns);
  // A dialogue of system messages alone: Claude wants to be asked something.
  const asked = messages.length > 0 ? messages : [{ role: 'user', content: [{ type: 'text', text: system }] }];
  return {
    model: call.model,
    max_tokens: chat.maxTokens ?? defaultMaxTokens,
    messages: asked,
    stream: true,
    ...(system !== '' && messages.length > 0 && { system }),
    temperature: chat.temperature,
    top_p: chat.topP,
    stop_sequences: chat.stop.length > 0 ? chat.stop : undefined,
    output_config: toOutputConfig(chat),
    ...toTools(chat),
  };
}

function refuseUnknown(chat: Chat): void {
  if (chat.seed !== undefined) throw cannot('chat.seed', 'Claude takes no seed');
  if (chat.presencePenalty) throw cannot('chat.presence_penalty', 'Claude has no penalties');
  if (chat.frequencyPenalty) throw cannot('chat.frequency_penalty', 'Claude has no penalties');
  if ((chat.temperature ?? 0) > 1) throw cannot('chat.temperature', 'must be at most 1 for Claude');
  if (chat.responseFormat?.type === 'json_object') {
    throw cannot('chat.response_format', 'Claude needs a schema: use json_schema');
  }
}

function toOutputConfig(chat: Chat): object | undefined {
  const effort = efforts[chat.reasoningEffort];
  const format = chat.responseFormat;
  const schema =
    format?.type === 'json_schema' ? jsonObject(format.schemaJson, 'chat.response_format.schema_json') : undefined;
  if (effort === undefined && schema === undefined) return undefined;
  return { ...(effort && { effort }), ...(schema && { format: { type: 'json_schema', schema } }) };
}

function toTurns(messages: readonly Message[]): Turn[] {
  const turns: Turn[] = [];
  for (const message of messages) {
    const role = message.role === Role.ASSISTANT ? 'assistant' : 'user';
    const content = toContent(message);
    if (content.length === 0) continue;
    const last = turns.at(-1);
    if (last?.role === role) last.content.push(...content);
    else turns.push({ role, content });
  }
  return turns;
}

function toContent(message: Message): object[] {
  if (message.role === Role.TOOL) {
    return [{ type: 'tool_result', tool_use_id: message.toolCallId, content: textOfMessage(message) }];
  }
  return [
    ...message.parts.flatMap(toBlock),
    ...message.toolCalls.map((call) => ({
      type: 'tool_use',
      id: call.id,
      name: call.name,
      input: jsonObject(call.argumentsJson, 'chat.messages.tool_calls.arguments_json'),
    })),
  ];
}

function toBlock(part: Part): object[] {
  if (part.content.case === 'image') return [{ type: 'image', source: toSource(part.content.value) }];
  // Claude refuses empty text blocks.
  const text = part.content.value ?? '';
  return text === '' ? [] : [{ type: 'text', text }];
}

function toSource(image: Image): object {
  const inline = dataUrl(image.url);
  if (inline) return { type: 'base64', media_type: inline.mediaType, data: inline.base64 };
  return { type: 'url', url: image.url };
}

const choices: Readonly<Record<string, string>> = { auto: 'auto', none: 'none', required: 'any', function: 'tool' };

function toTools(chat: Chat): object {
  if (chat.tools.length === 0) return {};
  const mode = chat.toolChoice?.mode || 'auto';
  const single = chat.parallelToolCalls === false && mode !== 'none';
  return {
    tools: chat.tools.map((tool, i) => ({
      name: tool.name,
      ...(tool.description !== '' && { description: tool.description }),
      input_schema: { type: 'object', ...jsonObject(tool.parametersJson, `chat.tools[${i}].parameters_json`) },
      ...(tool.strict !== undefined && { strict: tool.strict }),
    })),
    tool_choice: {
      type: choices[mode] ?? 'auto',
      ...(mode === 'function' && { name: chat.toolChoice?.name }),
      ...(single && { disable_parallel_tool_use: true }),
    },
  };
}
