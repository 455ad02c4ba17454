/** A time for people, in UTC; 0 stands for never. */
export function toMoment(ms: number): string {
  return ms === 0 ? 'never' : new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}
