/** The key a caller presents by `authorization: Bearer …` or `x-api-key`, whatever door it comes through; undefined where neither is there. */
export function readApiKey(header: (name: string) => string | undefined): string | undefined {
  const bearer = /^Bearer +(\S+)$/i.exec(header('authorization') ?? '');
  return bearer?.[1] ?? header('x-api-key');
}
