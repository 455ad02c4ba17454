import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatOf, dialogue, jsonOf, pictureChat, toolChat } from '../../../test/chats.ts';
import { toGeminiRequest } from './to-request.ts';

const request = (chat = chatOf('Hi'), model = 'gemini-2.5-flash') => jsonOf(toGeminiRequest({ model, chat }));

test('a plain question', () => {
  assert.deepEqual(
    request(
      chatOf('Hi', { temperature: 0, topP: 0.5, seed: 1n, stop: ['a'], presencePenalty: 1, frequencyPenalty: 0 }),
    ),
    {
      contents: [{ role: 'user', parts: [{ text: 'Hi' }] }],
      generationConfig: {
        maxOutputTokens: 100,
        temperature: 0,
        topP: 0.5,
        seed: 1,
        stopSequences: ['a'],
        presencePenalty: 1,
        frequencyPenalty: 0,
      },
    },
  );
});

test('the system prompt stands apart, roles take turns, a tool’s result goes by the tool’s name', () => {
  const { systemInstruction, contents } = request(dialogue);
  assert.deepEqual(systemInstruction, { parts: [{ text: 'Be brief.' }] });
  assert.deepEqual(contents, [
    {
      role: 'user',
      parts: [{ text: 'What is this?' }, { fileData: { mimeType: 'image/png', fileUri: 'https://x.test/a.png' } }],
    },
    { role: 'model', parts: [{ functionCall: { name: 'look', args: { at: 'a' } } }] },
    { role: 'user', parts: [{ functionResponse: { name: 'look', response: { result: 'a cat' } } }, { text: 'Sure?' }] },
  ]);
});

test('pictures: bytes as they are, addresses with the type that their ending tells', () => {
  const part = (url: string) => request(pictureChat(url)).contents[0].parts[1];
  assert.deepEqual(part('data:image/webp;base64,aGk='), { inlineData: { mimeType: 'image/webp', data: 'aGk=' } });
  assert.equal(part('https://x.test/a.WEBP?size=1').fileData.mimeType, 'image/webp');
  assert.equal(part('https://x.test/picture').fileData.mimeType, 'image/jpeg');
});

test('tools and how they may be used', () => {
  const { tools, toolConfig } = request(toolChat('function'));
  assert.deepEqual(tools, [
    {
      functionDeclarations: [
        {
          name: 'weather',
          description: 'The weather',
          parametersJsonSchema: { type: 'object', properties: { city: { type: 'string' } } },
        },
      ],
    },
  ]);
  assert.deepEqual(toolConfig, { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['weather'] } });
  for (const [mode, said] of [
    ['', 'VALIDATED'],
    ['none', 'NONE'],
    ['required', 'ANY'],
  ] as const)
    assert.equal(request(toolChat(mode)).toolConfig.functionCallingConfig.mode, said);
});

test('thinking: a budget for the second generation, a level since', () => {
  const thinking = (model: string, reasoningEffort: string) =>
    request(chatOf('Hi', { reasoningEffort }), model).generationConfig.thinkingConfig;
  assert.deepEqual(thinking('gemini-2.5-flash', 'medium'), { thinkingBudget: 8192 });
  assert.deepEqual(thinking('gemini-3-pro', 'low'), { thinkingLevel: 'LOW' });
  assert.equal(thinking('gemini-3-pro', ''), undefined);
});

test('the shape of the answer', () => {
  const config = (responseFormat: object) => request(chatOf('Hi', { responseFormat })).generationConfig;
  assert.equal(config({ type: 'json_object' }).responseMimeType, 'application/json');
  assert.deepEqual(config({ type: 'json_schema', schemaJson: '{"type":"object"}' }).responseJsonSchema, {
    type: 'object',
  });
  assert.equal(config({ type: 'text' }).responseMimeType, undefined);
});

test('what Gemini cannot do is refused with its field', () => {
  assert.throws(() => request(toolChat('auto', { parallelToolCalls: false })), {
    code: 'unsupported',
    message: /chat\.parallel_tool_calls/,
  });
});
