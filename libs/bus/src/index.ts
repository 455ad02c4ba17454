export type {
  Bus,
  BusMessage,
  Inbox,
  PublishOptions,
  QueueHandler,
  RequestOptions,
  StreamDefinition,
  StreamOptions,
  Subscription,
  TakeOptions,
} from './bus.ts';
export { openBus } from './open-bus.ts';
