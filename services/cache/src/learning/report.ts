import { create } from '@bufbuild/protobuf';
import {
  PartitionReportSchema,
  type ReportRequest,
  type ReportResponse,
  ReportResponseSchema,
} from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import type { Partition } from '../entries/partition.ts';
import type { Settings } from '../requests/settings.ts';
import type { Evidence } from './evidence.ts';
import { inForce, type Learning } from './learning.ts';
import { wilson } from './wilson.ts';

/** What a report is made from. */
export interface ReportParts {
  readonly learning: Learning;
  readonly settings: () => Settings;
}

const usPerMs = 1000;

/** Answers CacheService.Report, most lookups first. @throws RefrainError `invalid`, or `unavailable` while Redis is away */
export async function report({ tenant }: ReportRequest, { learning, settings }: ReportParts): Promise<ReportResponse> {
  if (tenant === '') {
    const fields = [{ field: 'tenant', description: 'is missing' }];
    throw new RefrainError('invalid', 'tenant is missing.', { fields });
  }
  const { ledger } = learning;
  await ledger.flush();
  const partitions = [];
  for (const partition of await ledger.partitions(tenant)) {
    partitions.push(describe(partition, await ledger.refresh(partition), learning, settings()));
  }
  partitions.sort((a, b) => Number(b.lookups - a.lookups));
  return create(ReportResponseSchema, { partitions });
}

function describe(partition: Partition, evidence: Evidence, learning: Learning, settings: Settings) {
  const [judged, wrong] = [evidence.from('judged'), evidence.from('wrong')];
  const interval = wilson(wrong, judged);
  return create(PartitionReportSchema, {
    partition: partition.key,
    lookups: BigInt(evidence.of('lookupsEver')),
    hits: BigInt(evidence.of('hitsEver')),
    judged: BigInt(Math.round(judged)),
    wrong: BigInt(Math.round(wrong)),
    wrongLow: interval.low,
    wrongHigh: interval.high,
    confidence: inForce(evidence, settings, learning.shift(partition)),
    shippedConfidence: settings.shippedConfidence,
    quarantined: BigInt(Math.max(0, evidence.of('quarantined'))),
    semanticOn: learning.isOn(partition, settings),
    spentMs: BigInt(Math.round(evidence.of('spentUs') / usPerMs)),
    savedMs: BigInt(Math.round(evidence.of('savedUs') / usPerMs)),
    savedNanoUsd: BigInt(evidence.of('savedNanoUsd')),
    repeatShare: learning.repeatShare(partition),
  });
}
