/** grpc-js with nothing around it but the protobuf codec: what one hop costs at the least. */
import { type DescMethodUnary, fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import {
  Client,
  credentials,
  type handleUnaryCall,
  type MethodDefinition,
  Server,
  ServerCredentials,
} from '@grpc/grpc-js';

type Definition = MethodDefinition<Message, Message>;

function definition(method: DescMethodUnary): Definition {
  const bytes = (value: Uint8Array) => Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    requestStream: false,
    responseStream: false,
    requestSerialize: (message) => bytes(toBinary(method.input, message)),
    requestDeserialize: (data) => fromBinary(method.input, data),
    responseSerialize: (message) => bytes(toBinary(method.output, message)),
    responseDeserialize: (data) => fromBinary(method.output, data),
  };
}

/** Serves one unary method on a free port of loopback. */
export async function serveBare(
  method: DescMethodUnary,
  handle: (request: Message) => Promise<Message>,
): Promise<number> {
  const server = new Server();
  const handler: handleUnaryCall<Message, Message> = (call, callback) => {
    handle(call.request).then((response) => callback(null, response), callback);
  };
  server.addService({ method: definition(method) }, { method: handler });
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    );
  });
}

/** Calls one unary method. */
export function callBare(method: DescMethodUnary, address: string): (request: Message) => Promise<Message> {
  const client = new Client(address, credentials.createInsecure());
  const { path, requestSerialize, responseDeserialize } = definition(method);
  return (request) =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, response) => {
        if (error || !response) reject(error);
        else resolve(response);
      });
    });
}
