import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

/** The two ends of a connection within one process. */
export interface InnerConnection {
  readonly client: Duplex
  readonly accepted: Socket
}

let connectionsMade = 0

/** Connects two streams like TCP over loopback: written bytes are read in a later turn. */
export function connectWithin(): InnerConnection {
  const client = new InnerSocket({ allowHalfOpen: false })
  const accepted = new InnerSocket({ allowHalfOpen: true })
  client.peer = accepted
  accepted.peer = client
  accepted.remotePort = ++connectionsMade
  // `accepted` is not a Socket, but it has every member of a socket that connections and pumps use.
  return { client, accepted: accepted as unknown as Socket }
}

/** One of the two sides of a connection within the process. It can be ended and reset like a socket. */
class InnerSocket extends Duplex {
  peer: InnerSocket | undefined
  readonly connecting = false
  /** As on a TLS socket, this property makes `Pump` write to the stream. A `DirectWriter` would bypass the stream. */
  readonly encrypted = true
  readonly remoteAddress = '127.0.0.1'
  remotePort: number | undefined
  /** The proxy's connection to the server. It keeps the process alive, because a stream without a socket cannot. */
  #onward: Pick<Socket, 'ref' | 'unref'> | undefined
  #isIdle = false
  /** Called when the reader has room again. */
  #hasRoom: (() => void) | undefined
  #isReset = false

  constructor({ allowHalfOpen }: { readonly allowHalfOpen: boolean }) {
    // For a Duplex stream, Node emits the event 'close' without the argument `hadError`. Therefore `_destroy` emits the
    // event instead, with this argument.
    super({ allowHalfOpen, emitClose: false })
  }

  override _read(): void {
    const hasRoom = this.#hasRoom
    this.#hasRoom = undefined
    hasRoom?.()
  }

  override _write(bytes: Buffer, _: BufferEncoding, written: (error?: Error | null) => void): void {
    // Copy the bytes, because the writer may reuse their memory immediately.
    const copy = Buffer.from(bytes)
    process.nextTick(() => {
      const { peer } = this
      if (peer === undefined || peer.destroyed) this.#resetByPeer()
      else if (peer.push(copy)) written()
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
   * Keeps the process alive while the connection is open. Acts on the proxy's connection to the server (`#onward` of
   * `peer`).
   */
  ref(): this {
    this.peer?.keepAlive(true)
    return this
  }

  unref(): this {
    this.peer?.keepAlive(false)
    return this
  }

  /** Sets the connection to which the other end's bytes are forwarded. */
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
    if (this.peer?.destroyed === false) this.peer.push(null)
  }

  #resetByPeer(): void {
    this.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', errno: -104, syscall: 'read' }))
  }
}

/**
 * Makes `ref` and `unref` of a client within this process act on `onward`, the proxy's connection to the server. Does
 * nothing if `accepted`, the proxy's side of the client's connection, is a real socket.
 */
export function goOnTo(accepted: Socket, onward: Socket): void {
  if (accepted instanceof InnerSocket) accepted.goesOnTo(onward)
}
