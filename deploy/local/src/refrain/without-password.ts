/** An address to show: without who we are there. Several stand with commas between them, as NATS has them. */
export function withoutPassword(urls: string): string {
  return urls.replace(/(^|,|\/\/)[^,/]*@/g, '$1');
}
