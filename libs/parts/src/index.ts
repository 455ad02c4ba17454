export { findChroma, startChroma } from './chroma.ts';
export { fetchModelFile, type ModelFile } from './fetch-model-file.ts';
export { freePort } from './free-port.ts';
export { guarded } from './guarded.ts';
export type { Launch, PartsContext } from './launch.ts';
export { findNats, startNats } from './nats.ts';
export { PartMissing } from './part-missing.ts';
export { findRedis, startRedis } from './redis.ts';
export type { RunningPart, StartPartOptions } from './start-part.ts';
