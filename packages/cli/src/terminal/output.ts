/** Whatever reads our output may close it early, as `| head` does: that is no error, and must not end a run. */
export function tolerateClosedOutput(): void {
  for (const stream of [process.stdout, process.stderr])
    if (!stream.listeners('error').includes(unlessClosed)) stream.on('error', unlessClosed)
}

function unlessClosed(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}

export function print(stream: NodeJS.WriteStream, text: string): void {
  if (!stream.destroyed && stream.writable) stream.write(text)
}
