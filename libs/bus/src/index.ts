export type {
  Bus,
  BusMessage,
  Inbox,
  PublishOptions,
  RequestOptions,
  StreamDefinition,
  StreamOptions,
  Subscription,
} from './bus.ts';
export { openBus } from './open-bus.ts';
