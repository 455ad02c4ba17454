import { type Chat, type Message, type Part, Role } from '@refrain/contracts';
import { type FieldViolation, RefrainError } from '@refrain/errors';

const maximumMessages = 2000;
const maximumStops = 4;
/** Far deeper than any schema; so deep that recursive readers further on break, nothing sensible is. */
const maximumJsonDepth = 100;
const toolChoiceModes = new Set(['auto', 'none', 'required', 'function']);
const formats = new Set(['text', 'json_object', 'json_schema']);
const efforts = new Set(['', 'minimal', 'low', 'medium', 'high']);

/**
 * Brings a chat into its canonical form, in place: text in NFC with LF line ends, otherwise untouched; model "auto" where none is named.
 * @throws RefrainError `invalid` with every fault, each with its path.
 */
export function validateChat(chat: Chat | undefined): Chat {
  const faults: FieldViolation[] = [];
  const fault = (field: string, description: string): void => {
    faults.push({ field, description });
  };
  if (!chat) throw invalid([{ field: 'chat', description: 'is missing' }]);
  if (chat.model === '') chat.model = 'auto';
  if (chat.messages.length === 0) fault('messages', 'must have at least one message');
  if (chat.messages.length > maximumMessages) fault('messages', `must not have more than ${maximumMessages}`);
  for (const [i, message] of chat.messages.entries()) checkMessage(message, `messages[${i}]`, fault);
  const last = chat.messages.at(-1);
  if (last && last.role !== Role.USER && last.role !== Role.TOOL)
    fault(`messages[${chat.messages.length - 1}].role`, 'must be user or tool in the last message');
  checkSampling(chat, fault);
  checkTools(chat, fault);
  if (faults.length > 0) throw invalid(faults);
  return chat;
}

type Fault = (field: string, description: string) => void;

function checkMessage(message: Message, path: string, fault: Fault): void {
  if (message.role === Role.UNSPECIFIED || message.role > Role.TOOL)
    fault(`${path}.role`, 'must be system, user, assistant or tool');
  const isCall = message.role === Role.ASSISTANT && message.toolCalls.length > 0;
  if (message.role === Role.TOOL && message.toolCallId === '') fault(`${path}.tool_call_id`, 'is missing');
  for (const [i, part] of message.parts.entries()) checkPart(part, `${path}.parts[${i}]`, fault);
  for (const [i, { argumentsJson }] of message.toolCalls.entries())
    if (isTooDeep(argumentsJson)) fault(`${path}.tool_calls[${i}].function.arguments`, tooDeep);
  const isEmpty = message.parts.every(({ content }) => content.case !== 'image' && (content.value ?? '').trim() === '');
  if (isEmpty && !isCall && message.role !== Role.TOOL) fault(`${path}.content`, 'must not be empty');
}

function checkPart(part: Part, path: string, fault: Fault): void {
  if (part.content.case === 'text') {
    const { value } = part.content;
    if (!value.isWellFormed()) fault(`${path}.text`, 'has half a surrogate pair');
    else part.content.value = canonicalText(value);
  } else if (part.content.case === 'image') {
    if (!/^(?:https:\/\/|data:image\/)/.test(part.content.value.url))
      fault(`${path}.image.url`, 'must be an https: or data:image/ URL');
  } else {
    fault(path, 'must have text or an image');
  }
}

/** The same text however it was typed: composed characters, LF line ends. */
function canonicalText(text: string): string {
  return (text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text).normalize('NFC');
}

function checkSampling(chat: Chat, fault: Fault): void {
  const within = (field: string, value: number | undefined, low: number, high: number) => {
    if (value !== undefined && !(value >= low && value <= high)) fault(field, `must be from ${low} to ${high}`);
  };
  within('temperature', chat.temperature, 0, 2);
  within('top_p', chat.topP, 0, 1);
  within('presence_penalty', chat.presencePenalty, -2, 2);
  within('frequency_penalty', chat.frequencyPenalty, -2, 2);
  if (chat.maxTokens === 0) fault('max_tokens', 'must be at least 1');
  if (chat.stop.length > maximumStops) fault('stop', `must not have more than ${maximumStops}`);
  if (chat.stop.includes('')) fault('stop', 'must not hold an empty text');
  if (!efforts.has(chat.reasoningEffort)) fault('reasoning_effort', 'must be minimal, low, medium or high');
}

function checkTools(chat: Chat, fault: Fault): void {
  chat.tools.forEach((tool, i) => {
    if (!/^[\w.-]{1,64}$/.test(tool.name)) fault(`tools[${i}].name`, 'must be 1 to 64 letters, digits, _, - or .');
    if (tool.parametersJson !== '' && !isJsonObject(tool.parametersJson))
      fault(`tools[${i}].parameters`, 'must be a JSON object');
    if (isTooDeep(tool.parametersJson)) fault(`tools[${i}].parameters`, tooDeep);
  });
  const choice = chat.toolChoice;
  if (choice && !toolChoiceModes.has(choice.mode))
    fault('tool_choice.mode', 'must be auto, none, required or function');
  if (choice?.mode === 'function' && !chat.tools.some(({ name }) => name === choice.name))
    fault('tool_choice.name', 'names no tool of this request');
  if (choice?.mode === 'required' && chat.tools.length === 0)
    fault('tool_choice.mode', 'must not be required where there are no tools');
  const format = chat.responseFormat;
  if (format && !formats.has(format.type)) fault('response_format.type', 'must be text, json_object or json_schema');
  if (format?.type === 'json_schema' && !isJsonObject(format.schemaJson))
    fault('response_format.schema', 'must be a JSON object');
  if (format && isTooDeep(format.schemaJson)) fault('response_format.schema', tooDeep);
}

const tooDeep = `must not be nested deeper than ${maximumJsonDepth}`;

/** By brackets outside of strings, so that no parser has to go there first. */
function isTooDeep(json: string): boolean {
  let depth = 0;
  let inText = false;
  for (let i = 0; i < json.length; i += 1) {
    const mark = json[i];
    if (mark === '"') inText = !inText;
    else if (inText) i += mark === '\\' ? 1 : 0;
    else if (mark === '[' || mark === '{') depth += 1;
    else if (mark === ']' || mark === '}') depth -= 1;
    if (depth > maximumJsonDepth) return true;
  }
  return false;
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    // Not JSON at all is the same fault.
    return false;
  }
}

function invalid(fields: readonly FieldViolation[]): RefrainError {
  const [first] = fields;
  return new RefrainError('invalid', first ? `${first.field} ${first.description}.` : 'The request is not valid.', {
    fields,
  });
}
