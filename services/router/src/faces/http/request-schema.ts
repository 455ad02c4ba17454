/**
 * What `/v1/chat/completions` takes. Parameters that cannot change the answer (`user`, `metadata`…) are accepted and
 * dropped; anything else that is not listed is refused by name, so that no caller believes in a knob that does nothing.
 * Messages may carry what OpenAI's clients add to an answer before they send it back.
 */
import { z } from 'zod';
import { listOf } from './list-of.ts';

/** As many as the mesh takes by every door. */
const maximumMessages = 2000;

const textPart = z.strictObject({ type: z.literal('text'), text: z.string() });
const imagePart = z.strictObject({
  type: z.literal('image_url'),
  image_url: z.strictObject({ url: z.string(), detail: z.enum(['auto', 'low', 'high']).nullish() }),
});
const textContent = z.union([z.string(), listOf(textPart)], 'must be a text or a list of parts');

const toolCall = z.strictObject({
  id: z.string(),
  type: z.literal('function'),
  index: z.int().optional(),
  function: z.strictObject({ name: z.string(), arguments: z.string(), parsed_arguments: z.unknown().optional() }),
});
const name = z.string().nullish();

const message = z.discriminatedUnion('role', [
  z.strictObject({ role: z.enum(['system', 'developer']), content: textContent, name }),
  z.strictObject({
    role: z.literal('user'),
    content: z.union(
      [z.string(), listOf(z.discriminatedUnion('type', [textPart, imagePart]))],
      'must be a text or a list of parts',
    ),
    name,
  }),
  z.strictObject({
    role: z.literal('assistant'),
    content: textContent.nullish(),
    refusal: z.string().nullish(),
    annotations: z.array(z.unknown()).nullish(),
    audio: z.null().optional(),
    function_call: z.null().optional(),
    parsed: z.unknown().optional(),
    name,
    tool_calls: listOf(toolCall).nullish(),
  }),
  z.strictObject({ role: z.literal('tool'), content: textContent, tool_call_id: z.string() }),
]);

const tool = z.strictObject({
  type: z.literal('function'),
  function: z.strictObject({
    name: z.string(),
    description: z.string().nullish(),
    parameters: z.record(z.string(), z.unknown()).nullish(),
    strict: z.boolean().nullish(),
  }),
});

const responseFormat = z.discriminatedUnion('type', [
  z.strictObject({ type: z.enum(['text', 'json_object']) }),
  z.strictObject({
    type: z.literal('json_schema'),
    json_schema: z.strictObject({
      name: z.string(),
      description: z.string().nullish(),
      schema: z.record(z.string(), z.unknown()).nullish(),
      strict: z.boolean().nullish(),
    }),
  }),
]);

const uint32 = z.int().min(1).max(4_294_967_295);

/** The body, nulls at the top level already dropped (OpenAI's clients send them for "not set"). */
export const chatCompletionSchema = z.strictObject({
  model: z.string().default('auto'),
  messages: listOf(message, maximumMessages).refine(({ length }) => length > 0, 'must have at least one message'),
  stream: z.boolean().default(false),
  stream_options: z
    .strictObject({ include_usage: z.boolean().nullish(), include_obfuscation: z.boolean().nullish() })
    .optional(),
  temperature: z.number().optional(),
  top_p: z.number().optional(),
  max_tokens: uint32.optional(),
  max_completion_tokens: uint32.optional(),
  stop: z.union([z.string(), listOf(z.string())], 'must be a text or a list of texts').optional(),
  seed: z.int().optional(),
  presence_penalty: z.number().optional(),
  frequency_penalty: z.number().optional(),
  tools: listOf(tool).optional(),
  tool_choice: z
    .union([
      z.enum(['auto', 'none', 'required']),
      z.strictObject({ type: z.literal('function'), function: z.strictObject({ name: z.string() }) }),
    ])
    .optional(),
  parallel_tool_calls: z.boolean().optional(),
  response_format: responseFormat.optional(),
  reasoning_effort: z.enum(['minimal', 'low', 'medium', 'high']).optional(),
  n: z.literal(1).optional(),
  logprobs: z.literal(false).optional(),
  user: z.string().optional(),
  metadata: z.looseObject({}).optional(),
  safety_identifier: z.string().optional(),
  prompt_cache_key: z.string().optional(),
  store: z.boolean().optional(),
});

/** A request body that passed. */
export type ChatCompletionBody = z.output<typeof chatCompletionSchema>;
