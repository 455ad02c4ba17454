/** gRPC by hand, over HTTP/2: for bytes that no client would send, and for what a status carries. */
import { connect, type IncomingHttpHeaders } from 'node:http2';
import { fromBinary } from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import {
  BadRequestSchema,
  ErrorInfoSchema,
  QuotaFailureSchema,
  RetryInfoSchema,
  StatusSchema,
} from '@refrain/contracts';

/** How a call ended. */
export interface RawCall {
  readonly status: number;
  readonly message: string;
  readonly messages: readonly Uint8Array[];
  /** Of google.rpc.Status, where there is one. */
  readonly reason: string | undefined;
  readonly fields: readonly string[];
  readonly quotas: number;
  readonly retryAfterMs: number | undefined;
}

/** Calls a method (`<package>.<Service>/<Method>`) with one message of any bytes and waits for the end. */
export async function callRaw(
  address: string,
  method: string,
  message: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Promise<RawCall> {
  const session = connect(`http://${address}`);
  try {
    const own = { ':method': 'POST', ':path': `/${method}`, 'content-type': 'application/grpc', te: 'trailers' };
    const stream = session.request({ ...own, ...headers });
    // A refusal may come before all is written; the status says why.
    stream.on('error', () => undefined);
    let end: IncomingHttpHeaders = {};
    stream.on('response', (head) => {
      end = head;
    });
    stream.on('trailers', (trailers) => {
      end = trailers;
    });
    stream.end(framed(message));
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    await new Promise((resolve) => stream.once('close', resolve));
    return toCall(end, unframed(Buffer.concat(chunks)));
  } finally {
    session.close();
  }
}

function framed(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

function unframed(bytes: Buffer): Uint8Array[] {
  const messages: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at + 1);
    messages.push(bytes.subarray(at + 5, at + 5 + length));
    at += 5 + length;
  }
  return messages;
}

function toCall(end: IncomingHttpHeaders, messages: readonly Uint8Array[]): RawCall {
  const bin = end['grpc-status-details-bin'];
  const details = typeof bin === 'string' ? fromBinary(StatusSchema, Buffer.from(bin, 'base64')).details : [];
  const find = <T>(unpack: (detail: (typeof details)[number]) => T | undefined) => details.map(unpack).find(Boolean);
  const retry = find((detail) => anyUnpack(detail, RetryInfoSchema))?.retryDelay;
  return {
    status: Number(end['grpc-status'] ?? -1),
    message: decodeURIComponent(String(end['grpc-message'] ?? '')),
    messages,
    reason: find((detail) => anyUnpack(detail, ErrorInfoSchema))?.reason,
    fields: (find((detail) => anyUnpack(detail, BadRequestSchema))?.fieldViolations ?? []).map(({ field }) => field),
    quotas: find((detail) => anyUnpack(detail, QuotaFailureSchema))?.violations.length ?? 0,
    retryAfterMs: retry && Number(retry.seconds) * 1000 + retry.nanos / 1e6,
  };
}
