export { childPids, isRunning } from './child-pids.ts';
export { eventually } from './eventually.ts';
export { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
export { type ManualClock, manualClock } from './manual-clock.ts';
export { type ServiceProcess, startProcess } from './process.ts';
export { modelsFolder, partsFolder, startChroma, startNats, startRedis, type TestServer } from './servers.ts';
export { silentLog } from './silent-log.ts';
export { type Ended, startTrickle, type Trickle } from './trickle.ts';
export type { Fault, FaultKind, Moment, Reply, ScriptedToolCall, ScriptedUsage } from './upstream/reply.ts';
export {
  type Answering,
  type RecordedCall,
  type ScriptedUpstream,
  startUpstream,
  type UpstreamKind,
} from './upstream/start-upstream.ts';
