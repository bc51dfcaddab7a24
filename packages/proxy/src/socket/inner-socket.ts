import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

/** The two ends of a connection within this process. */
export interface InnerConnection {
  /** For the client, instead of a socket that it dials. */
  readonly client: Duplex
  /** For the proxy, instead of a socket that it accepts. */
  readonly accepted: Socket
}

let connectionsMade = 0

/** Connects two streams like TCP over loopback: what one end writes, the other reads in a later turn. */
export function connectWithin(): InnerConnection {
  const client = new InnerSocket({ allowHalfOpen: false })
  const accepted = new InnerSocket({ allowHalfOpen: true })
  client.peer = accepted
  accepted.peer = client
  accepted.remotePort = ++connectionsMade
  // It has every member of a socket that connections and pumps use.
  return { client, accepted: accepted as unknown as Socket }
}

/** One end. It ends and resets like a socket, and its 'close' event has the same argument. */
class InnerSocket extends Duplex {
  peer: InnerSocket | undefined
  readonly connecting = false
  /** Its bytes pass through its stream, like those of TLS sockets. */
  readonly encrypted = true
  readonly remoteAddress = '127.0.0.1'
  remotePort = 0
  /** The connection that continues from here, and keeps the process alive instead of this one. */
  #onward: Pick<Socket, 'ref' | 'unref'> | undefined
  #isIdle = false
  /** Called once the reader can take more. */
  #hasRoom: (() => void) | undefined
  #isReset = false

  constructor({ allowHalfOpen }: { readonly allowHalfOpen: boolean }) {
    // 'close' is emitted below, since a stream's does not report an error.
    super({ allowHalfOpen, emitClose: false })
  }

  override _read(): void {
    const hasRoom = this.#hasRoom
    this.#hasRoom = undefined
    hasRoom?.()
  }

  override _write(bytes: Buffer, _: BufferEncoding, written: (error?: Error | null) => void): void {
    // The writer may reuse its memory at once.
    const copy = Buffer.from(bytes)
    process.nextTick(() => {
      const { peer } = this
      if (peer === undefined || peer.destroyed) this.#resetByPeer()
      else if (peer.readableEnded || peer.push(copy)) written()
      else peer.#hasRoom = written
    })
  }

  /** Bytes written together are read together. */
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
    // Earlier writes are read first.
    const { peer } = this
    if (this.#isReset && peer !== undefined) setImmediate(() => peer.#resetByPeer())
  }

  /**
   * Like a socket's: whether this end, and the connection that continues from the other one, keeps the process alive.
   */
  ref(): this {
    this.peer?.keepAlive(true)
    return this
  }

  unref(): this {
    this.peer?.keepAlive(false)
    return this
  }

  /** Sets the connection that forwards what the other end writes. */
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

/** Lets a client within this process decide whether the connection dialled for it keeps the process alive. */
export function goOnTo(accepted: Socket, onward: Socket): void {
  if (accepted instanceof InnerSocket) accepted.goesOnTo(onward)
}
