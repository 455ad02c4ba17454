/** The policy that refrain.yaml ships: who is asked first for which class and tier, who comes after, and who at last. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { ClassificationSchema, Complexity, Task } from '@refrain/contracts';
import { planRoutes } from '@refrain/judgement';
import { loadMeshConfig, type Tier } from '@refrain/service';
import { chatOf } from '../test/question.ts';

const mesh = loadMeshConfig(new URL('../../../refrain.yaml', import.meta.url).pathname);
const tasks = [Task.TEXT, Task.CODE, Task.REASONING, Task.UI] as const;
const byTask = { [Task.TEXT]: 'gemini', [Task.UI]: 'gemini', [Task.CODE]: 'groq', [Task.REASONING]: 'deepseek' };

function plan(task: Task, complexity: Complexity, tier: Tier, model = 'auto', text = 'Hi.') {
  const classification = create(ClassificationSchema, { task, complexity });
  const caller = { tenant: 'acme', user: 'ann', tier };
  return planRoutes(mesh, { chat: chatOf(text, { model, maxTokens: 1000 }), classification, caller });
}
const providers = (...of: Parameters<typeof plan>) => plan(...of).routes.map(({ provider }) => provider);

test('simple questions of free and basic, and medium ones of basic, go to local models first', () => {
  for (const task of tasks) {
    for (const tier of ['free', 'basic'] as const) assert.equal(providers(task, Complexity.SIMPLE, tier)[0], 'llama');
    assert.equal(providers(task, Complexity.MEDIUM, 'basic')[0], 'llama');
  }
  assert.equal(plan(Task.CODE, Complexity.SIMPLE, 'free').routes[0]?.model, 'codellama:13b');
  assert.equal(plan(Task.TEXT, Complexity.MEDIUM, 'basic').routes[0]?.model, 'llama2:13b');
});

test('what is complex goes to the strong models, whoever asks', () => {
  for (const task of tasks) {
    for (const tier of ['free', 'basic', 'pro', 'enterprise'] as const) {
      const strong = ['claude', 'openai', 'gemini', 'openrouter'];
      assert.deepEqual(providers(task, Complexity.COMPLEX, tier), strong);
    }
  }
});

test('all else goes by its task', () => {
  for (const task of tasks) {
    assert.equal(providers(task, Complexity.MEDIUM, 'free')[0], byTask[task]);
    for (const tier of ['pro', 'enterprise'] as const) {
      assert.equal(providers(task, Complexity.SIMPLE, tier)[0], byTask[task]);
      assert.equal(providers(task, Complexity.MEDIUM, tier)[0], byTask[task]);
    }
  }
});

test('whatever the class, OpenRouter is the backup and local models come at last', () => {
  for (const task of tasks) {
    for (const complexity of [Complexity.SIMPLE, Complexity.MEDIUM, Complexity.COMPLEX]) {
      for (const tier of ['free', 'basic', 'pro', 'enterprise'] as const) {
        const { local, routes } = plan(task, complexity, tier);
        assert.ok(routes.some(({ provider }) => provider === 'openrouter'));
        assert.equal(
          [...routes, ...local].some(({ provider }) => provider === 'llama'),
          true,
        );
      }
    }
  }
});

test('the profiles ask whom they prefer, with a backup and the local models behind', () => {
  const preferred = { core: 'deepseek', arch: 'deepseek', backend: 'groq', debug: 'groq', uix: 'gemini' };
  assert.deepEqual(Object.keys(mesh.profiles).sort(), Object.keys(preferred).sort());
  for (const [profile, provider] of Object.entries(preferred)) {
    const { local, routes } = plan(Task.TEXT, Complexity.SIMPLE, 'pro', profile);
    assert.deepEqual(
      routes.map((each) => each.provider),
      [provider, 'openrouter'],
    );
    assert.equal(local[0]?.provider, 'llama');
  }
});

test('a prompt that leaves the small local model no room is not sent there', () => {
  const small = (text: string) => {
    const { local, routes } = plan(Task.TEXT, Complexity.SIMPLE, 'free', 'auto', text);
    return [...routes, ...local].some(({ model }) => model === 'smollm2-135m');
  };
  assert.equal(small('word '.repeat(500)), true);
  assert.equal(small('word '.repeat(1500)), false);
});
