import type { Socket } from 'node:net'

// What a stream does for each chunk (queues, events, a call in the next tick) costs more than all else in passing a
// small message on. While its queues are empty none of that is needed, and the methods that sockets implement for their
// streams are called in its place.

/** Sockets still sending bytes that their streams do not count. */
const sending: WeakSet<Socket> = new WeakSet()

export const isSending = (socket: Socket): boolean => sending.has(socket)

/** Nothing given to the socket waits to be sent. */
export const hasSentAll = (socket: Socket): boolean => socket.writableLength === 0 && !sending.has(socket)

/** Tells of bytes as 'data' would. A stream that was paused, or holds bytes since then, gets them as ever. */
export function readDirectly(socket: Socket, receive: (bytes: Buffer) => void): void {
  const push: Socket['push'] = socket.push
  socket.push = (bytes: Buffer | null, encoding) => {
    if (bytes === null || socket.readableFlowing !== true || socket.readableLength > 0)
      return push.call(socket, bytes, encoding)
    receive(bytes)
    return true
  }
  socket.on('data', receive)
}

/** Writes to one connected socket, not counted by its stream. */
export class DirectWriter {
  readonly #socket: Socket
  readonly #written: (error?: Error | null) => void
  #called = false

  constructor(socket: Socket) {
    this.#socket = socket
    this.#written = (error) => {
      this.#called = true
      if (error instanceof Error) socket.destroy(error)
    }
  }

  /** True when all bytes were sent at once. If not, `sent` is called when they are, or never can be. */
  write(bytes: Buffer, sent: () => void): boolean {
    const socket = this.#socket
    this.#called = false
    // As a stream says that a chunk has no encoding.
    socket._write(bytes, 'buffer' as BufferEncoding, this.#written)
    if (this.#called) return true
    sending.add(socket)
    // An empty write behind it: what is written, or ended, from now on waits in the stream.
    socket.write('', () => {
      sending.delete(socket)
      sent()
    })
    return false
  }
}
