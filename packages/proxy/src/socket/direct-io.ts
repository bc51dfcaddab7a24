import type { Socket } from 'node:net'

// A stream's work for each chunk (queues, events, a call in the next tick) costs more than everything else when a small
// message is passed on. None of it is needed while the queues are empty, so the socket's internal stream methods are
// called directly.

/** Sockets with a direct write in progress, which their streams do not know about. */
const sending: WeakSet<Socket> = new WeakSet()

export const isSending = (socket: Socket): boolean => sending.has(socket)

/** Whether everything written to the socket has been handed to the system. */
export const hasSentAll = (socket: Socket): boolean => socket.writableLength === 0 && !sending.has(socket)

/** Delivers bytes like 'data', bypassing the stream unless it is paused or has buffered bytes. */
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

/** Writes to one connected socket, bypassing its stream. */
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

  /** True if all bytes were sent at once. Otherwise `sent` is called when they have been sent, or never can be. */
  write(bytes: Buffer, sent: () => void): boolean {
    const socket = this.#socket
    this.#called = false
    // 'buffer' is the encoding a stream passes for binary chunks.
    socket._write(bytes, 'buffer' as BufferEncoding, this.#written)
    if (this.#called) return true
    sending.add(socket)
    // Queue an empty write behind it, so that later writes and the end wait in the stream.
    socket.write('', () => {
      sending.delete(socket)
      sent()
    })
    return false
  }
}
