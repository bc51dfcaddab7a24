import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { Encryption } from '@chaosproxy/wire'

/** A connection to a server that must first be asked for TLS. Writes wait until the server has agreed. */
export class RequestedTls extends Duplex {
  readonly #raw: Socket
  readonly #encryption: Encryption
  #answer: Buffer = Buffer.alloc(0)
  #hasAgreed = false
  #agreed: (() => void) | undefined

  constructor(raw: Socket, encryption: Encryption) {
    super({ allowHalfOpen: true })
    this.#raw = raw
    this.#encryption = encryption
    raw.on('data', (bytes: Buffer) => this.#received(bytes))
    raw.on('end', () => {
      if (this.#hasAgreed) this.push(null)
      else raw.destroy(declined('hung up'))
    })
    raw.on('error', (error) => this.destroy(error))
    raw.on('close', () => this.destroy())
    raw.write(encryption.request)
  }

  override _read(): void {
    this.#raw.resume()
  }

  override _write(bytes: Buffer, _: BufferEncoding, written: (error?: Error | null) => void): void {
    if (this.#hasAgreed) this.#raw.write(bytes, written)
    else this.#agreed = () => this.#raw.write(bytes, written)
  }

  override _final(ended: () => void): void {
    this.#raw.end(ended)
  }

  override _destroy(error: Error | null, destroyed: (error: Error | null) => void): void {
    this.#raw.destroy()
    destroyed(error)
  }

  #received(bytes: Buffer): void {
    if (this.#hasAgreed) {
      if (!this.push(bytes)) this.#raw.pause()
      return
    }
    const { accepted } = this.#encryption
    this.#answer = Buffer.concat([this.#answer, bytes])
    if (this.#answer.length < accepted.length) return
    // Bytes between the reply and the handshake may come from an attacker.
    if (!this.#answer.equals(accepted)) {
      this.#raw.destroy(declined('offers no TLS'))
      return
    }
    this.#hasAgreed = true
    this.#agreed?.()
  }
}

const declined = (how: string): Error =>
  Object.assign(
    new Error(`asked for TLS, the server ${how}: connect without TLS (host:port in place of tls://host:port)`),
    {
      code: 'TLS_DECLINED',
    },
  )
