/** How an event lies on NATS: JSON for people, protobuf for programs; the header `content-type` says which. */
import {
  create,
  type DescMessage,
  fromBinary,
  fromJsonString,
  type MessageInitShape,
  type MessageShape,
  toBinary,
  toJsonString,
} from '@bufbuild/protobuf';

/** `events.encoding` of refrain.yaml. */
export type EventEncoding = 'json' | 'protobuf';

/** An event as it is published. */
export interface EncodedEvent {
  readonly data: Uint8Array;
  readonly headers: Readonly<Record<'content-type', string>>;
}

/** Writes an event. */
export function encodeEvent<Schema extends DescMessage>(
  schema: Schema,
  event: MessageInitShape<Schema>,
  encoding: EventEncoding,
): EncodedEvent {
  const message = create(schema, event);
  const data = encoding === 'json' ? Buffer.from(toJsonString(schema, message)) : toBinary(schema, message);
  return { data, headers: { 'content-type': `application/${encoding}` } };
}

/** Reads an event, of another version too: fields that are not known here are left out. @throws Error for bytes that are none */
export function decodeEvent<Schema extends DescMessage>(
  schema: Schema,
  data: Uint8Array,
  contentType: string | undefined,
): MessageShape<Schema> {
  if (contentType === 'application/protobuf') return fromBinary(schema, data);
  return fromJsonString(schema, new TextDecoder().decode(data), { ignoreUnknownFields: true });
}
