/** The bridge from generated descriptors to grpc-js: how a method's messages become bytes and come back. */
import { isUtf8 } from 'node:buffer';
import { type DescMethod, type DescService, fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import type { MethodDefinition } from '@grpc/grpc-js';
import { RefrainError } from '@refrain/errors';

/** A request that could not be read is handed to the handler as its error: thrown here, grpc-js would call it INTERNAL. */
export type Received = Message | RefrainError;

/** A response that is serialized already and is sent as it is: what a cache holds need not be decoded to be served. */
export class Encoded {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** A method as grpc-js wants it. `limitBytes` bounds a request's raw bytes, asked for and checked before they are decoded. */
export function methodDefinition(
  method: DescMethod,
  limitBytes: () => number = () => Number.POSITIVE_INFINITY,
): MethodDefinition<Message, Message> {
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    requestStream: method.methodKind === 'client_streaming' || method.methodKind === 'bidi_streaming',
    responseStream: method.methodKind === 'server_streaming' || method.methodKind === 'bidi_streaming',
    requestSerialize: (message) => toBuffer(toBinary(method.input, message)),
    requestDeserialize: (bytes) => decode(method, bytes, limitBytes()) as Message,
    responseSerialize: (message: Message | Encoded) =>
      toBuffer(message instanceof Encoded ? message.bytes : toBinary(method.output, message)),
    responseDeserialize: (bytes) => fromBinary(method.output, bytes),
  };
}

/** All methods of a service by their local names. */
export function methodDefinitions(
  service: DescService,
  limitBytes: () => number,
): Record<string, MethodDefinition<Message, Message>> {
  return Object.fromEntries(service.methods.map((method) => [method.localName, methodDefinition(method, limitBytes)]));
}

function decode(method: DescMethod, bytes: Buffer, limitBytes: number): Received {
  if (bytes.length > limitBytes) {
    const description = `is larger than ${limitBytes} bytes`;
    return new RefrainError('invalid', `The request ${description}.`, {
      reason: 'REQUEST_TOO_LARGE',
      fields: [{ field: 'request', description }],
    });
  }
  try {
    return fromBinary(method.input, bytes);
  } catch (cause) {
    const description = isUtf8(bytes)
      ? `is not a ${method.input.typeName}`
      : 'is not valid protobuf, or a text in it is not UTF-8';
    return new RefrainError('invalid', `The request ${description}.`, {
      cause,
      fields: [{ field: 'request', description }],
    });
  }
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
