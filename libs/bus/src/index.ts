export { type Alert, type AlertParts, createAlerts, type RaiseAlert } from './alerts.ts';
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
  Reading,
  ReplayOptions,
  RequestOptions,
  StoredMessage,
  StreamDefinition,
  StreamOptions,
  Subscription,
  TakeOptions,
} from './bus.ts';
export { openBus } from './open-bus.ts';
