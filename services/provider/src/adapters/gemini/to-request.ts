/** Gemini: system messages as one `systemInstruction`, roles `user` and `model` in turn, tool results by name. */
import { type Chat, type Image, type Message, type Part, Role } from '@refrain/contracts';
import { cannot } from '../../upstream/failures.ts';
import { isObject, tryParse } from '../../upstream/json.ts';
import type { AdapterCall } from '../adapter.ts';
import { calledTool, dataUrl, jsonObject, seedOf, splitSystem, textOfMessage } from '../request-parts.ts';

interface Content {
  readonly role: 'user' | 'model';
  readonly parts: object[];
}

/** Tokens of thought for Gemini 2.5, as in Google's own translation of `reasoning_effort`. */
const budgets: Readonly<Record<string, number>> = { minimal: 1024, low: 1024, medium: 8192, high: 24_576 };

/** The body of :streamGenerateContent. Throws RefrainError `unsupported` for what Gemini cannot do. */
export function toGeminiRequest(call: AdapterCall): object {
  const { chat } = call;
  if (chat.tools.length > 0 && chat.parallelToolCalls === false) {
    throw cannot('chat.parallel_tool_calls', 'Gemini cannot be kept to one call at a time');
  }
  const { system, turns } = splitSystem(chat.messages);
  const contents = toContents(turns, chat.messages);
  const asked = contents.length > 0 ? contents : [{ role: 'user', parts: [{ text: system }] }];
  return {
    contents: asked,
    ...(system !== '' && contents.length > 0 && { systemInstruction: { parts: [{ text: system }] } }),
    generationConfig: {
      maxOutputTokens: chat.maxTokens,
      temperature: chat.temperature,
      topP: chat.topP,
      seed: seedOf(chat),
      stopSequences: chat.stop.length > 0 ? chat.stop : undefined,
      presencePenalty: chat.presencePenalty,
      frequencyPenalty: chat.frequencyPenalty,
      thinkingConfig: toThinking(call.model, chat.reasoningEffort),
      ...toFormat(chat),
    },
    ...toTools(chat),
  };
}

function toThinking(model: string, effort: string): object | undefined {
  if (effort === '') return undefined;
  return /^gemini-2/.test(model) ? { thinkingBudget: budgets[effort] } : { thinkingLevel: effort.toUpperCase() };
}

function toFormat(chat: Chat): object {
  const format = chat.responseFormat;
  if (!format || format.type === '' || format.type === 'text') return {};
  if (format.type === 'json_object') return { responseMimeType: 'application/json' };
  const responseJsonSchema = jsonObject(format.schemaJson, 'chat.response_format.schema_json');
  return { responseMimeType: 'application/json', responseJsonSchema };
}

function toContents(turns: readonly Message[], all: readonly Message[]): Content[] {
  const contents: Content[] = [];
  for (const message of turns) {
    const role = message.role === Role.ASSISTANT ? 'model' : 'user';
    const parts = toParts(message, all);
    if (parts.length === 0) continue;
    const last = contents.at(-1);
    if (last?.role === role) last.parts.push(...parts);
    else contents.push({ role, parts });
  }
  return contents;
}

function toParts(message: Message, all: readonly Message[]): object[] {
  if (message.role === Role.TOOL) {
    const name = calledTool(all, message.toolCallId) ?? (message.name || message.toolCallId);
    return [{ functionResponse: { name, response: toResult(textOfMessage(message)) } }];
  }
  return [
    ...message.parts.flatMap(toPart),
    ...message.toolCalls.map((call) => ({
      functionCall: {
        name: call.name,
        args: jsonObject(call.argumentsJson, 'chat.messages.tool_calls.arguments_json'),
      },
    })),
  ];
}

/** Gemini takes results as objects only. */
function toResult(text: string): object {
  const value = tryParse(text);
  return isObject(value) ? value : { result: text };
}

function toPart(part: Part): object[] {
  if (part.content.case === 'image') return [toImage(part.content.value)];
  const text = part.content.value ?? '';
  return text === '' ? [] : [{ text }];
}

const typesByEnding: Readonly<Record<string, string>> = {
  png: 'image/png',
  webp: 'image/webp',
  gif: 'image/gif',
  heic: 'image/heic',
};

function toImage(image: Image): object {
  const inline = dataUrl(image.url);
  if (inline) return { inlineData: { mimeType: inline.mediaType, data: inline.base64 } };
  const ending = /\.(\w+)(?:[?#]|$)/.exec(new URL(image.url).pathname)?.[1]?.toLowerCase() ?? '';
  return { fileData: { mimeType: typesByEnding[ending] ?? 'image/jpeg', fileUri: image.url } };
}

const modes: Readonly<Record<string, string>> = { auto: 'AUTO', none: 'NONE', required: 'ANY', function: 'ANY' };

function toTools(chat: Chat): object {
  if (chat.tools.length === 0) return {};
  const mode = chat.toolChoice?.mode || 'auto';
  // VALIDATED is AUTO with the schemas enforced: the nearest to OpenAI's `strict`.
  const strict = mode === 'auto' && chat.tools.some((tool) => tool.strict);
  return {
    tools: [
      {
        functionDeclarations: chat.tools.map((tool, i) => ({
          name: tool.name,
          description: tool.description,
          ...(tool.parametersJson !== '' && {
            parametersJsonSchema: jsonObject(tool.parametersJson, `chat.tools[${i}].parameters_json`),
          }),
        })),
      },
    ],
    toolConfig: {
      functionCallingConfig: {
        mode: strict ? 'VALIDATED' : (modes[mode] ?? 'AUTO'),
        ...(mode === 'function' && { allowedFunctionNames: [chat.toolChoice?.name ?? ''] }),
      },
    },
  };
}
