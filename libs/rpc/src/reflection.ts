/** grpc.reflection.v1, from the generated descriptors: what grpcurl and k6 need to call us without our .proto files. */
import { create, type DescFile, type DescService, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { file_google_rpc_error_details } from '@refrain/contracts';
import {
  ErrorResponseSchema,
  FileDescriptorResponseSchema,
  ListServiceResponseSchema,
  type ServerReflectionRequest,
  type ServerReflectionResponse,
  ServerReflectionResponseSchema,
} from '@refrain/contracts/grpc';
import { errorCodes } from '@refrain/errors';

/** Answers one reflection request. */
export type Reflect = (request: ServerReflectionRequest) => ServerReflectionResponse;

/** Knows the services, their files, everything those files import, and the details of errors. */
export function createReflection(services: readonly DescService[]): Reflect {
  const files = new Map<string, DescFile>();
  for (const each of services) collect(each.file, files);
  // Errors carry google.rpc details, which no service's file names.
  collect(file_google_rpc_error_details, files);
  const bySymbol = new Map<string, DescFile>();
  for (const file of files.values()) for (const name of symbols(file)) bySymbol.set(name, file);

  const found = (file: DescFile | undefined, what: string): ServerReflectionResponse['messageResponse'] => {
    if (!file) {
      return {
        case: 'errorResponse',
        value: create(ErrorResponseSchema, {
          errorCode: errorCodes.not_found.grpc,
          errorMessage: `${what} is not known`,
        }),
      };
    }
    const closure = new Map<string, DescFile>();
    collect(file, closure);
    const fileDescriptorProto = [...closure.values()].map((each) => toBinary(FileDescriptorProtoSchema, each.proto));
    return { case: 'fileDescriptorResponse', value: create(FileDescriptorResponseSchema, { fileDescriptorProto }) };
  };

  return (request) => {
    const asked = request.messageRequest;
    const answer = (): ServerReflectionResponse['messageResponse'] => {
      switch (asked.case) {
        case 'listServices':
          return {
            case: 'listServicesResponse',
            value: create(ListServiceResponseSchema, { service: services.map((each) => ({ name: each.typeName })) }),
          };
        case 'fileContainingSymbol':
          return found(bySymbol.get(asked.value.replace(/^\./, '')), asked.value);
        case 'fileByFilename':
          return found(files.get(asked.value), asked.value);
        default:
          return {
            case: 'errorResponse',
            value: create(ErrorResponseSchema, { errorCode: 12, errorMessage: 'Refrain uses no extensions' }),
          };
      }
    };
    return create(ServerReflectionResponseSchema, {
      validHost: request.host,
      originalRequest: request,
      messageResponse: answer(),
    });
  };
}

function collect(file: DescFile, into: Map<string, DescFile>): void {
  const name = file.proto.name;
  if (into.has(name)) return;
  into.set(name, file);
  for (const dependency of file.dependencies) collect(dependency, into);
}

function symbols(file: DescFile): string[] {
  return [
    ...file.services.flatMap((each) => [
      each.typeName,
      ...each.methods.map((method) => `${each.typeName}.${method.name}`),
    ]),
    ...file.messages.map((each) => each.typeName),
    ...file.enums.map((each) => each.typeName),
  ];
}
