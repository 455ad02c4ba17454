import { createHash } from 'node:crypto';
import { mkdir, realpath } from 'node:fs/promises';
import { connect, createServer } from 'node:net';

/** Another start holds the home. */
export class HomeTaken extends Error {
  constructor(folder: string, holder: string) {
    super(
      `A mesh runs in ${folder} already (process ${holder}): \`npm run -s refrain -- status\` shows it; end it first, or set REFRAIN_HOME to another folder.`,
    );
    this.name = 'HomeTaken';
  }
}

/**
 * Holds a home, which is made where it is missing, until this process ends: two starts would share data files. The lock is a name in the kernel (an
 * abstract socket), gone with its holder however that ends; it tells who holds it.
 * @throws HomeTaken
 */
export async function holdHome(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const name = `\0refrain-${createHash('sha256')
    .update(await realpath(folder))
    .digest('hex')
    .slice(0, 32)}`;
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.end(String(process.pid));
  });
  server.unref();
  const isHeld = await new Promise<boolean>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
    );
    server.listen(name, () => resolve(true));
  });
  if (!isHeld) throw new HomeTaken(folder, await holderOf(name));
}

function holderOf(name: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(name);
    let text = '';
    socket.setTimeout(1000, () => socket.destroy());
    socket.on('data', (data) => {
      text += data;
    });
    // It may have ended just now, or be busy.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => resolve(text || 'unknown'));
  });
}
