import type { ServiceProcess } from '@refrain/testkit';

/** What `/readyz` of a service says; status 0 where the service is gone. */
export async function readiness({ ready }: ServiceProcess): Promise<{ status: number; parts: Record<string, string> }> {
  try {
    const response = await fetch((ready.metrics ?? '').replace(/metrics$/, 'readyz'));
    const { parts } = (await response.json()) as { parts: Record<string, string> };
    return { status: response.status, parts };
  } catch {
    return { status: 0, parts: {} };
  }
}
