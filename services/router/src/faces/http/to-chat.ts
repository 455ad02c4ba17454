import { create } from '@bufbuild/protobuf';
import {
  type Chat,
  ChatSchema,
  type Message,
  MessageSchema,
  type Part,
  PartSchema,
  ResponseFormatSchema,
  Role,
  ToolCallSchema,
  ToolChoiceSchema,
  ToolSchema,
} from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import { type ChatCompletionBody, chatCompletionSchema } from './request-schema.ts';
import { toBodyError, unsupported } from './violations.ts';

/** Known parameters that have one value here, and what a caller who wants another may do. */
const onlyAtDefault = {
  n: 'n must be 1. For several answers send the request several times, at once if you like, with a temperature above 0.3: below it they are one.',
  logprobs: 'logprobs must be false: probabilities are passed on from no provider.',
} as const;

/**
 * Reads a JSON body as OpenAI's clients send it.
 * @throws RefrainError `unsupported` for a parameter Refrain does not pass on, `invalid` with every other fault.
 */
export function parseChatCompletion(json: unknown): ChatCompletionBody {
  const result = chatCompletionSchema.safeParse(withoutNulls(json));
  if (result.success) return checked(result.data);
  for (const [field, advice] of Object.entries(onlyAtDefault))
    if (result.error.issues.some(({ path }) => path[0] === field)) throw unsupported([field], advice);
  throw toBodyError(result.error);
}

/** The old name and the new one of the same limit: which of two was meant nobody knows. */
function checked(body: ChatCompletionBody): ChatCompletionBody {
  const { max_completion_tokens: limit, max_tokens: old } = body;
  if (limit === undefined || old === undefined || limit === old) return body;
  const [field, description] = ['max_tokens', 'must not differ from max_completion_tokens'];
  throw new RefrainError('invalid', `${field} ${description}.`, { fields: [{ field, description }] });
}

/** Translates a body to the canonical request. */
export function toChat(body: ChatCompletionBody): Chat {
  const chat = create(ChatSchema, { model: body.model, messages: body.messages.map(toMessage) });
  const maxTokens = body.max_completion_tokens ?? body.max_tokens;
  if (maxTokens !== undefined) chat.maxTokens = maxTokens;
  if (body.temperature !== undefined) chat.temperature = body.temperature;
  if (body.top_p !== undefined) chat.topP = body.top_p;
  if (body.seed !== undefined) chat.seed = BigInt(body.seed);
  if (body.stop !== undefined) chat.stop = typeof body.stop === 'string' ? [body.stop] : body.stop;
  if (body.presence_penalty !== undefined) chat.presencePenalty = body.presence_penalty;
  if (body.frequency_penalty !== undefined) chat.frequencyPenalty = body.frequency_penalty;
  if (body.parallel_tool_calls !== undefined) chat.parallelToolCalls = body.parallel_tool_calls;
  if (body.reasoning_effort !== undefined) chat.reasoningEffort = body.reasoning_effort;
  if (body.tools) chat.tools = body.tools.map((tool, i) => toTool(tool, `tools[${i}]`));
  if (body.tool_choice !== undefined) chat.toolChoice = toToolChoice(body.tool_choice);
  if (body.response_format) chat.responseFormat = toResponseFormat(body.response_format);
  return chat;
}

function toMessage(message: ChatCompletionBody['messages'][number]): Message {
  switch (message.role) {
    case 'system':
    case 'developer':
      return create(MessageSchema, { role: Role.SYSTEM, parts: toParts(message.content), name: message.name ?? '' });
    case 'user':
      return create(MessageSchema, { role: Role.USER, parts: toParts(message.content), name: message.name ?? '' });
    case 'assistant':
      return create(MessageSchema, {
        role: Role.ASSISTANT,
        parts: toParts(message.content ?? message.refusal ?? []),
        name: message.name ?? '',
        toolCalls: (message.tool_calls ?? []).map((call, index) =>
          create(ToolCallSchema, {
            id: call.id,
            name: call.function.name,
            argumentsJson: call.function.arguments,
            index,
          }),
        ),
      });
    case 'tool':
      return create(MessageSchema, {
        role: Role.TOOL,
        parts: toParts(message.content),
        toolCallId: message.tool_call_id,
      });
  }
}

type Content = string | { type: 'text'; text: string }[] | ContentPart[];
type ContentPart =
  | { type: 'text'; text: string }
  | { type: 'image_url'; image_url: { url: string; detail?: string | null | undefined } };

function toParts(content: Content): Part[] {
  if (typeof content === 'string') return [textPart(content)];
  return content.map((part) =>
    part.type === 'text'
      ? textPart(part.text)
      : create(PartSchema, {
          content: { case: 'image', value: { url: part.image_url.url, detail: part.image_url.detail ?? 'auto' } },
        }),
  );
}

function textPart(text: string): Part {
  return create(PartSchema, { content: { case: 'text', value: text } });
}

function toTool(tool: NonNullable<ChatCompletionBody['tools']>[number], path: string) {
  const { name, description, parameters, strict } = tool.function;
  return create(ToolSchema, {
    name,
    description: description ?? '',
    parametersJson: parameters ? toJsonText(parameters, `${path}.function.parameters`) : '',
    ...(typeof strict === 'boolean' && { strict }),
  });
}

function toToolChoice(choice: NonNullable<ChatCompletionBody['tool_choice']>) {
  return typeof choice === 'string'
    ? create(ToolChoiceSchema, { mode: choice })
    : create(ToolChoiceSchema, { mode: 'function', name: choice.function.name });
}

function toResponseFormat(format: NonNullable<ChatCompletionBody['response_format']>) {
  if (format.type !== 'json_schema') return create(ResponseFormatSchema, { type: format.type });
  const { name, schema, strict } = format.json_schema;
  return create(ResponseFormatSchema, {
    type: 'json_schema',
    schemaName: name,
    schemaJson: schema ? toJsonText(schema, 'response_format.json_schema.schema') : '',
    ...(typeof strict === 'boolean' && { strict }),
  });
}

/** JSON.stringify recurses: what JSON.parse could read may be too deep for it. */
function toJsonText(value: unknown, field: string): string {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    const description = 'is nested too deeply';
    throw new RefrainError('invalid', `${field} ${description}.`, { cause, fields: [{ field, description }] });
  }
}

/** OpenAI's clients send null for what was not set. */
export function withoutNulls(json: unknown): unknown {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return json;
  return Object.fromEntries(Object.entries(json).filter(([, value]) => value !== null));
}
