/** Calls the scripted upstream has had. */
export async function upstreamCalls(url: string): Promise<number> {
  const response = await fetch(`${url}/calls`);
  const { calls } = (await response.json()) as { calls: number };
  return calls;
}
