/**
 * Reads server-sent events up to `[DONE]`.
 * @throws Error when the stream ends without it
 */
export async function* readEvents<Event>(response: Response): AsyncGenerator<Event> {
  const decoder = new TextDecoder();
  let waiting = '';
  for await (const bytes of response.body ?? []) {
    const blocks = (waiting + decoder.decode(bytes, { stream: true })).split('\n\n');
    waiting = blocks.pop() ?? '';
    for (const block of blocks) {
      if (block === 'data: [DONE]') return;
      yield JSON.parse(block.slice('data: '.length)) as Event;
    }
  }
  throw new Error(`the stream ended without [DONE]: ${waiting}`);
}
