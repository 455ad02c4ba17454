export { redisUrl } from './redis-url.ts';
export { openState, type Script, type State, type StateOptions } from './state.ts';
