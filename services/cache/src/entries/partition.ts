/** A tenant's set of questions that may answer each other; `key` is `partitionKey`, shortened. */
export interface Partition {
  readonly tenant: string;
  readonly key: string;
}
