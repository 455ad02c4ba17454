import { type Chat, type Message, Role } from '@refrain/contracts';
import { cannot } from '../../upstream/failures.ts';
import { upperPromptTokens } from '../../usage.ts';
import type { AdapterCall } from '../adapter.ts';
import { calledTool, dataUrl, jsonObject, seedOf, textOfMessage } from '../request-parts.ts';

const roles: Readonly<Record<number, string>> = {
  [Role.SYSTEM]: 'system',
  [Role.USER]: 'user',
  [Role.ASSISTANT]: 'assistant',
  [Role.TOOL]: 'tool',
};

/** Ollama's own context unless told otherwise; it cuts longer prompts without a word. */
const ollamaContext = 4096;

/** The body of POST /api/chat. Throws RefrainError `unsupported` for what Ollama cannot do. */
export function toOllamaRequest(call: AdapterCall): object {
  const { chat } = call;
  const mode = chat.toolChoice?.mode ?? '';
  if (mode === 'required' || mode === 'function')
    throw cannot('chat.tool_choice', 'Ollama cannot be made to call a tool');
  if (chat.tools.length > 0 && chat.parallelToolCalls === false) {
    throw cannot('chat.parallel_tool_calls', 'Ollama cannot be kept to one call at a time');
  }
  return {
    model: call.model,
    messages: chat.messages.map((message) => toMessage(message, chat)),
    stream: true,
    format: toFormat(chat),
    think: chat.reasoningEffort === '' ? undefined : chat.reasoningEffort === 'minimal' ? 'low' : chat.reasoningEffort,
    options: {
      temperature: chat.temperature,
      top_p: chat.topP,
      seed: seedOf(chat),
      stop: chat.stop.length > 0 ? chat.stop : undefined,
      num_predict: chat.maxTokens,
      presence_penalty: chat.presencePenalty,
      frequency_penalty: chat.frequencyPenalty,
      num_ctx: contextFor(call),
    },
    ...(chat.tools.length > 0 && mode !== 'none' && { tools: chat.tools.map(toTool) }),
  };
}

/** Room for prompt and answer where Ollama's own would cut them: the next power of two, at most the model's context. */
function contextFor(call: AdapterCall): number | undefined {
  const needed = upperPromptTokens(call.chat) + (call.chat.maxTokens ?? 0);
  if (needed <= ollamaContext) return undefined;
  const room = 2 ** Math.ceil(Math.log2(needed));
  return Math.min(room, call.contextTokens ?? room);
}

function toFormat(chat: Chat): unknown {
  const format = chat.responseFormat;
  if (format?.type === 'json_object') return 'json';
  if (format?.type === 'json_schema') return jsonObject(format.schemaJson, 'chat.response_format.schema_json');
  return undefined;
}

function toMessage(message: Message, chat: Chat): object {
  const images = message.parts.flatMap((part) =>
    part.content.case === 'image' ? [toImage(part.content.value.url)] : [],
  );
  return {
    role: roles[message.role] ?? 'user',
    content: textOfMessage(message),
    ...(images.length > 0 && { images }),
    ...(message.toolCalls.length > 0 && {
      tool_calls: message.toolCalls.map((call) => ({
        function: {
          name: call.name,
          arguments: jsonObject(call.argumentsJson, 'chat.messages.tool_calls.arguments_json'),
        },
      })),
    }),
    ...(message.role === Role.TOOL && { tool_name: calledTool(chat.messages, message.toolCallId) ?? message.name }),
  };
}

function toImage(url: string): string {
  const inline = dataUrl(url);
  if (!inline) throw cannot('chat.messages.parts.image', 'Ollama takes pictures as data: URLs only');
  return inline.base64;
}

function toTool(tool: Chat['tools'][number], i: number): object {
  const parameters = jsonObject(tool.parametersJson, `chat.tools[${i}].parameters_json`);
  return { type: 'function', function: { name: tool.name, description: tool.description, parameters } };
}
