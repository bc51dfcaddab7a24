import type { Socket } from 'node:net'

// Reads and writes sockets without their streams. For a small message, a stream's queues and events would cost more
// than all other work. While a stream's queues are empty, the socket's internal stream methods are called directly.

/** Sockets with a direct write in progress. Their streams do not know of the write. */
const sending: WeakSet<Socket> = new WeakSet()

export const isSending = (socket: Socket): boolean => sending.has(socket)

/** Whether the system has accepted everything written to the socket. */
export const hasSentAll = (socket: Socket): boolean => socket.writableLength === 0 && !sending.has(socket)

/**
 * Calls `receive` with the bytes that a socket reads. The bytes bypass the stream while the stream flows and its buffer
 * is empty.
 */
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

/** Writes to a connected socket, bypassing its stream. */
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

  write(bytes: Buffer, sent: () => void): boolean {
    const socket = this.#socket
    this.#called = false
    // 'buffer' is the encoding that a stream passes for binary chunks.
    socket._write(bytes, 'buffer' as BufferEncoding, this.#written)
    if (this.#called) return true
    sending.add(socket)
    // This empty write waits behind the direct write. Later writes and the end of the stream wait behind both.
    socket.write('', () => {
      sending.delete(socket)
      sent()
    })
    return false
  }
}
