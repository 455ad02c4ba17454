export type {
  BatchHandler,
  BatchOptions,
  Bus,
  BusMessage,
  Inbox,
  Kept,
  KeptValue,
  PublishOptions,
  QueueHandler,
  RequestOptions,
  StreamDefinition,
  StreamOptions,
  Subscription,
  TakeOptions,
} from './bus.ts';
export { openBus } from './open-bus.ts';
