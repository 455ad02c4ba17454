/** What no HTTP client should send, and what it hears. */

/** One bad request. */
export interface BadHttp {
  readonly what: string;
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly status: number;
  readonly code: string;
  readonly param?: string | null;
}

const hello = [{ role: 'user', content: 'Hello.' }];
const json = (body: object) => JSON.stringify({ messages: hello, ...body });
const says = (content: unknown) => JSON.stringify({ messages: [{ role: 'user', content }] });
const invalid = { status: 400, code: 'invalid' };
const deep = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
const toolWith = (parameters: string) =>
  `{"messages":[{"role":"user","content":"Hi."}],"tools":[{"type":"function","function":{"name":"look","parameters":${parameters}}}]}`;

/** All of them; POST to /v1/chat/completions where nothing else is said. */
export const badHttp: readonly BadHttp[] = [
  { what: 'no body', body: '', status: 400, code: 'invalid_json' },
  { what: 'half of JSON', body: '{"messages":', status: 400, code: 'invalid_json' },
  { what: 'JSON with a tail', body: `${json({})}}`, status: 400, code: 'invalid_json' },
  { what: 'a list', body: '[]', ...invalid, param: 'body' },
  { what: 'null', body: 'null', ...invalid, param: 'body' },
  { what: 'half a million brackets', body: deep(500_000), ...invalid, param: 'body' },
  { what: 'bytes that are not UTF-8', body: new Uint8Array([0x22, 0xc3, 0x28, 0x22]), ...invalid, param: 'body' },
  { what: '10 MB', body: says('x'.repeat(10_000_000)), status: 413, code: 'request_too_large', param: 'body' },
  { what: 'no messages', body: '{}', ...invalid, param: 'messages' },
  { what: 'an empty list of messages', body: '{"messages":[]}', ...invalid, param: 'messages' },
  { what: 'an empty message', body: says('  \n'), ...invalid, param: 'messages[0].content' },
  { what: 'a number for a text', body: says(5), ...invalid, param: 'messages[0].content' },
  { what: 'a part of no kind', body: says([{ type: 'film' }]), ...invalid, param: 'messages[0].content[0].type' },
  { what: 'a text for a number', body: json({ temperature: 'hot' }), ...invalid, param: 'temperature' },
  { what: 'a temperature beyond its range', body: json({ temperature: 3 }), ...invalid, param: 'temperature' },
  { what: 'no token to answer with', body: json({ max_tokens: 0 }), ...invalid, param: 'max_tokens' },
  {
    what: 'a role nobody knows',
    body: '{"messages":[{"role":"oracle","content":"Hi."}]}',
    ...invalid,
    param: 'messages[0].role',
  },
  {
    what: 'half a surrogate pair',
    body: '{"messages":[{"role":"user","content":"\\ud800"}]}',
    ...invalid,
    param: 'messages[0].content',
  },
  {
    what: '2,001 messages',
    body: JSON.stringify({ messages: Array.from({ length: 2001 }, () => hello[0]) }),
    ...invalid,
    param: 'messages',
  },
  {
    what: 'a prompt longer than every model',
    body: says('word '.repeat(180_000)),
    status: 400,
    code: 'context_length_exceeded',
    param: 'messages',
  },
  {
    what: 'a schema 101 levels deep',
    body: toolWith(`{"a":${deep(100)}}`),
    ...invalid,
    param: 'tools[0].function.parameters',
  },
  {
    what: 'a schema 100,000 levels deep',
    body: toolWith(`{"a":${deep(100_000)}}`),
    ...invalid,
    param: 'tools[0].function.parameters',
  },
  {
    what: 'a parameter that would do nothing',
    body: json({ logit_bias: {} }),
    status: 400,
    code: 'unsupported_parameter',
    param: 'logit_bias',
  },
  { what: 'two choices', body: json({ n: 2 }), status: 400, code: 'unsupported_parameter', param: 'n' },
  { what: 'a model nobody has', body: json({ model: 'gpt-99' }), status: 404, code: 'model_not_found', param: 'model' },
  {
    what: 'a model with a name of half a million characters',
    body: json({ model: '😀'.repeat(120_000) }),
    status: 404,
    code: 'model_not_found',
    param: 'model',
  },
  {
    what: 'a field of a message that nobody reads',
    body: '{"messages":[{"role":"user","content":"Hi.","cache_control":{}}]}',
    status: 400,
    code: 'unsupported_parameter',
    param: 'messages[0].cache_control',
  },
  {
    what: 'half a surrogate pair where no chat has one',
    body: json({ stop: ['ok', '\ud800'] }),
    ...invalid,
    param: 'stop[1]',
  },
  {
    what: 'half a million messages that are none',
    body: `{"messages":[${'1,'.repeat(500_000)}1]}`,
    ...invalid,
    param: 'messages',
  },
  {
    what: 'half a million tools that are none',
    body: json({}).replace('}]}', `}],"tools":[${'1,'.repeat(500_000)}1]}`),
    ...invalid,
    param: 'tools[0]',
  },
  {
    what: 'an answer longer than every model',
    body: json({ max_tokens: 4_000_000_000 }),
    status: 400,
    code: 'context_length_exceeded',
    param: 'max_tokens',
  },
  {
    what: 'a tool that must be called, and none',
    body: json({ tool_choice: 'required' }),
    ...invalid,
    param: 'tool_choice',
  },
  {
    what: 'an image of another kind of URL',
    body: says([{ type: 'image_url', image_url: { url: 'ftp://x' } }]),
    ...invalid,
    param: 'messages[0].content[0].image_url.url',
  },
  {
    what: 'a lifetime beyond every limit',
    headers: { 'x-refrain-cache-ttl': '999999999' },
    body: json({}),
    ...invalid,
    param: 'x-refrain-cache-ttl',
  },
  {
    what: 'a form',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: json({}),
    status: 415,
    code: 'unsupported_media_type',
    param: 'content-type',
  },
  {
    what: 'a zipped body',
    headers: { 'content-encoding': 'gzip' },
    body: json({}),
    status: 415,
    code: 'unsupported_media_type',
    param: 'content-encoding',
  },
  {
    what: 'a mode nobody knows',
    headers: { 'x-refrain-cache': 'maybe' },
    body: json({}),
    ...invalid,
    param: 'x-refrain-cache',
  },
  {
    what: 'a header of ours that nobody knows',
    headers: { 'x-refrain-fallbck': 'none' },
    body: json({}),
    status: 400,
    code: 'unsupported_header',
    param: 'x-refrain-fallbck',
  },
  {
    what: 'a deadline that is no number',
    headers: { 'x-refrain-timeout-ms': 'soon' },
    body: json({}),
    ...invalid,
    param: 'x-refrain-timeout-ms',
  },
  {
    what: 'a confidence above 1',
    headers: { 'x-refrain-minimum-confidence': '7' },
    body: json({}),
    ...invalid,
    param: 'x-refrain-minimum-confidence',
  },
  { what: 'another method', method: 'GET', status: 405, code: 'method_not_allowed' },
  { what: 'another path', path: '/v1/embeddings', body: json({}), status: 404, code: 'unknown_url' },
  {
    what: 'a model nobody has, looked up',
    method: 'GET',
    path: '/v1/models/gpt-99',
    status: 404,
    code: 'model_not_found',
  },
  { what: 'a path that cannot be decoded', method: 'GET', path: '/v1/models/%zz', ...invalid },
  { what: 'an explanation of nothing', path: '/v1/refrain/explain', body: '{}', ...invalid, param: 'messages' },
  { what: 'feedback on nothing', path: '/v1/refrain/feedback', body: '{}', ...invalid, param: 'entryId' },
  {
    what: 'a verdict nobody knows',
    path: '/v1/refrain/feedback',
    body: '{"entryId":"e","verdict":"VERDICT_SO_SO"}',
    ...invalid,
    param: 'verdict',
  },
  {
    what: 'feedback on what is no entry',
    path: '/v1/refrain/feedback',
    body: '{"entryId":"e","verdict":"VERDICT_WRONG"}',
    ...invalid,
    param: 'entryId',
  },
];
