import assert from 'node:assert/strict';
import { test } from 'node:test';
import { estimateTokens } from './estimate-tokens.ts';

/** Counted by o200k_base and cl100k_base. */
const counted: [name: string, text: string, o200k: number, cl100k: number][] = [
  [
    'English',
    'Please explain how a semantic cache decides whether two differently worded questions may share one answer, and name the mistakes it must not make.',
    27,
    27,
  ],
  [
    'code',
    'export function sum(values: readonly number[]): number {\n  let total = 0;\n  for (const value of values) total += value;\n  return total;\n}\n',
    34,
    34,
  ],
  ['digits', '2024-11-25 12:33:45.123 10.0.0.1 443 1234567890 9876543210', 34, 34],
  ['JSON', '{"id": 17, "name": "refrain", "ports": [7450, 7451, 7460], "open": true, "note": null}', 39, 38],
  ['Chinese', '请用中文解释一下什么是机器学习，并举三个例子。', 15, 25],
  ['Japanese', '東京から大阪まで新幹線で何時間かかりますか。料金も教えてください。', 22, 33],
  ['Korean', '서울에서 부산까지 기차로 얼마나 걸리나요? 요금도 알려주세요.', 18, 34],
  ['Russian', 'Объясните, пожалуйста, как работает сборка мусора в языке Java.', 16, 32],
  ['Arabic', 'اشرح لي كيف تعمل محركات البحث على الإنترنت.', 11, 32],
  ['German', 'Erkläre mir bitte den Unterschied zwischen Krankenversicherung und Haftpflichtversicherung.', 15, 23],
  ['emoji', 'What do 🤷‍♀️, 🎉 and 🚀🔥 mean in a chat?', 19, 25],
];

test('English, code, digits and data are estimated within a fifth of what tokenizers count', () => {
  for (const [name, text, o200k] of counted.slice(0, 4)) {
    const ratio = estimateTokens(text) / o200k;
    assert.ok(ratio > 0.8 && ratio < 1.2, `${name}: ${ratio.toFixed(2)}`);
  }
});

test('other scripts and emoji are estimated between a new and an old tokenizer, or within half of either', () => {
  for (const [name, text, o200k, cl100k] of counted) {
    const tokens = estimateTokens(text);
    const [low, high] = [Math.min(o200k, cl100k) / 1.5, Math.max(o200k, cl100k) * 1.5];
    assert.ok(tokens >= low && tokens <= high, `${name}: ${tokens}, counted ${o200k} and ${cl100k}`);
  }
});

test('no text is no token, and a megabyte is read in a moment', () => {
  assert.equal(estimateTokens(''), 0);
  assert.ok(estimateTokens('word '.repeat(200_000)) >= 200_000);
});
