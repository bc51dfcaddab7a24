import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

/** The two ends of a connection within one process. */
export interface InnerConnection {
  /** The client's end. The client uses it instead of dialling a socket. */
  readonly client: Duplex
  /** The proxy's end, in place of a socket that it accepts. */
  readonly accepted: Socket
}

let connectionsMade = 0

/**
 * Connects two streams as TCP over loopback does: bytes written at one end are read at the other end in a later turn.
 */
export function connectWithin(): InnerConnection {
  const client = new InnerSocket({ allowHalfOpen: false })
  const accepted = new InnerSocket({ allowHalfOpen: true })
  client.peer = accepted
  accepted.peer = client
  accepted.remotePort = ++connectionsMade
  // The end has every member of a socket that connections and pumps use.
  return { client, accepted: accepted as unknown as Socket }
}

/** One end of the connection. It ends and resets like a socket, and its 'close' event has a socket's argument. */
class InnerSocket extends Duplex {
  peer: InnerSocket | undefined
  readonly connecting = false
  /** Always true. Like those of a TLS socket, the bytes of this end must pass through its stream. */
  readonly encrypted = true
  readonly remoteAddress = '127.0.0.1'
  remotePort = 0
  /** The proxy's connection to the server, which keeps the process alive instead of this end. */
  #onward: Pick<Socket, 'ref' | 'unref'> | undefined
  #isIdle = false
  /** Called once the reader has room for more bytes. */
  #hasRoom: (() => void) | undefined
  #isReset = false

  constructor({ allowHalfOpen }: { readonly allowHalfOpen: boolean }) {
    // 'close' is emitted in `_destroy`, because a stream's own 'close' does not report an error.
    super({ allowHalfOpen, emitClose: false })
  }

  override _read(): void {
    const hasRoom = this.#hasRoom
    this.#hasRoom = undefined
    hasRoom?.()
  }

  override _write(bytes: Buffer, _: BufferEncoding, written: (error?: Error | null) => void): void {
    // The writer may reuse its memory immediately.
    const copy = Buffer.from(bytes)
    process.nextTick(() => {
      const { peer } = this
      if (peer === undefined || peer.destroyed) this.#resetByPeer()
      else if (peer.readableEnded || peer.push(copy)) written()
      else peer.#hasRoom = written
    })
  }

  /** Joins chunks: bytes written together are read together. */
  override _writev(chunks: readonly { readonly chunk: Buffer }[], written: (error?: Error | null) => void): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), 'utf8', written)
  }

  override _final(ended: () => void): void {
    process.nextTick(() => {
      this.#endPeer()
      ended()
    })
  }

  override _destroy(error: Error | null, destroyed: (error: Error | null) => void): void {
    const hasRoom = this.#hasRoom
    this.#hasRoom = undefined
    destroyed(error)
    process.nextTick(() => {
      hasRoom?.()
      if (!this.#isReset && !this.writableFinished) this.#endPeer()
      this.emit('close', error !== null)
    })
    // Reset the peer later, so that it reads earlier writes first.
    const { peer } = this
    if (this.#isReset && peer !== undefined) setImmediate(() => peer.#resetByPeer())
  }

  /**
   * Keeps the process alive while the connection is open, like a socket's `ref`. `unref` lets the process end. Both act
   * on the connection that the other end forwards to.
   */
  ref(): this {
    this.peer?.keepAlive(true)
    return this
  }

  unref(): this {
    this.peer?.keepAlive(false)
    return this
  }

  /** Sets the connection that forwards the bytes from the other end. */
  goesOnTo(onward: Pick<Socket, 'ref' | 'unref'>): void {
    this.#onward = onward
    if (this.#isIdle) onward.unref()
  }

  keepAlive(needed: boolean): void {
    this.#isIdle = !needed
    if (needed) this.#onward?.ref()
    else this.#onward?.unref()
  }

  destroySoon(): void {
    if (this.writable) this.end()
    if (this.writableFinished) this.destroy()
    else this.once('finish', () => this.destroy())
  }

  resetAndDestroy(): this {
    this.#isReset = true
    return this.destroy()
  }

  #endPeer(): void {
    if (this.peer !== undefined && !this.peer.destroyed && !this.peer.readableEnded) this.peer.push(null)
  }

  #resetByPeer(): void {
    this.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', errno: -104, syscall: 'read' }))
  }
}

/**
 * Lets the client of an inner connection decide, by `ref` and `unref`, whether the connection dialled for it keeps the
 * process alive.
 */
export function goOnTo(accepted: Socket, onward: Socket): void {
  if (accepted instanceof InnerSocket) accepted.goesOnTo(onward)
}
