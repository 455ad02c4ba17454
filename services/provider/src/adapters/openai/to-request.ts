import { type Chat, type Message, type Part, Role } from '@refrain/contracts';
import type { AdapterCall } from '../adapter.ts';
import { isTextOnly, jsonObject, seedOf, textOfMessage } from '../request-parts.ts';

const roles: Readonly<Record<number, string>> = {
  [Role.SYSTEM]: 'system',
  [Role.USER]: 'user',
  [Role.ASSISTANT]: 'assistant',
  [Role.TOOL]: 'tool',
};

/** OpenAI's own models that refuse `max_tokens` (and only they know its successor everywhere). */
const newerModels = /^(?:o\d|gpt-[5-9])/;

/** The body of POST /chat/completions; `official` for OpenAI itself, whose newer models take `max_completion_tokens`. */
export function toOpenAiRequest(call: AdapterCall, official: boolean): object {
  const { chat } = call;
  const limit = official && newerModels.test(call.model) ? 'max_completion_tokens' : 'max_tokens';
  return {
    model: call.model,
    messages: chat.messages.map(toMessage),
    stream: true,
    stream_options: { include_usage: true },
    [limit]: chat.maxTokens,
    temperature: chat.temperature,
    top_p: chat.topP,
    seed: seedOf(chat),
    stop: chat.stop.length > 0 ? chat.stop : undefined,
    presence_penalty: chat.presencePenalty,
    frequency_penalty: chat.frequencyPenalty,
    reasoning_effort: chat.reasoningEffort === '' ? undefined : chat.reasoningEffort,
    response_format: toResponseFormat(chat),
    ...toTools(chat),
  };
}

function toMessage(message: Message): object {
  const content = isTextOnly(message) ? textOfMessage(message) : message.parts.flatMap(toPart);
  return {
    role: roles[message.role] ?? 'user',
    content: content === '' && message.toolCalls.length > 0 ? null : content,
    ...(message.name !== '' && { name: message.name }),
    ...(message.role === Role.TOOL && { tool_call_id: message.toolCallId }),
    ...(message.toolCalls.length > 0 && {
      tool_calls: message.toolCalls.map((each) => ({
        id: each.id,
        type: 'function',
        function: { name: each.name, arguments: each.argumentsJson },
      })),
    }),
  };
}

function toPart(part: Part): object[] {
  if (part.content.case === 'text') return [{ type: 'text', text: part.content.value }];
  if (part.content.case !== 'image') return [];
  const { url, detail } = part.content.value;
  return [{ type: 'image_url', image_url: { url, ...(detail !== '' && { detail }) } }];
}

function toResponseFormat(chat: Chat): object | undefined {
  const format = chat.responseFormat;
  if (!format || format.type === '') return undefined;
  if (format.type !== 'json_schema') return { type: format.type };
  const schema = jsonObject(format.schemaJson, 'chat.response_format.schema_json');
  return {
    type: 'json_schema',
    json_schema: {
      name: format.schemaName || 'answer',
      schema,
      ...(format.strict !== undefined && { strict: format.strict }),
    },
  };
}

function toTools(chat: Chat): object {
  if (chat.tools.length === 0) return {};
  const choice = chat.toolChoice;
  return {
    tools: chat.tools.map((tool, i) => ({
      type: 'function',
      function: {
        name: tool.name,
        ...(tool.description !== '' && { description: tool.description }),
        parameters: jsonObject(tool.parametersJson, `chat.tools[${i}].parameters_json`),
        ...(tool.strict !== undefined && { strict: tool.strict }),
      },
    })),
    ...(choice &&
      choice.mode !== '' && {
        tool_choice: choice.mode === 'function' ? { type: 'function', function: { name: choice.name } } : choice.mode,
      }),
    parallel_tool_calls: chat.parallelToolCalls,
  };
}
