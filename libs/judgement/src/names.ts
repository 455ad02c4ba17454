import { Complexity, Task } from '@refrain/contracts';

/** How `refrain.yaml` calls a task. */
export type TaskName = 'text' | 'code' | 'reasoning' | 'ui';
/** How `refrain.yaml` calls a complexity. */
export type ComplexityName = 'simple' | 'medium' | 'complex';

/** The task's name in `refrain.yaml`, reasons and metrics. */
export function taskName(task: Task): TaskName {
  if (task === Task.CODE) return 'code';
  if (task === Task.REASONING) return 'reasoning';
  return task === Task.UI ? 'ui' : 'text';
}

/** The complexity's name in `refrain.yaml`, reasons and metrics. */
export function complexityName(complexity: Complexity): ComplexityName {
  if (complexity === Complexity.SIMPLE) return 'simple';
  return complexity === Complexity.COMPLEX ? 'complex' : 'medium';
}
