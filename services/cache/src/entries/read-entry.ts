import { fromBinary } from '@bufbuild/protobuf';
import { type Entry, EntrySchema } from '@refrain/contracts';

/** The stored entry; undefined for bytes that are none, whoever wrote them. */
export function readEntry(bytes: Uint8Array): Entry | undefined {
  try {
    return fromBinary(EntrySchema, bytes);
  } catch {
    // The caller says what that means to it.
    return undefined;
  }
}
