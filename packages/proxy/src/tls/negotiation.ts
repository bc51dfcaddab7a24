import type { Socket } from 'node:net'
import type { Encryption } from '@chaosproxy/wire'

/** As long as for a handshake of TLS: a client that connects and sends nothing would be kept open forever. */
const PATIENCE_MS = 10_000

export interface NegotiationOptions {
  readonly encryption: Encryption
  /** Goes on with TLS. Absent where there is no certificate: then clients are told to go on in plaintext. */
  readonly securely: ((client: Socket) => void) | undefined
  /** Goes on in plaintext. */
  readonly plainly: (client: Socket) => void
  /** The client hung up when it was told that there is no TLS. */
  readonly insisted: () => void
}

/**
 * Answers a client that asks for encryption before it says anything else, and hands it on. What is recorded has to be
 * read, so a server is never asked to encrypt what passes through.
 */
export function negotiate(client: Socket, { encryption, securely, plainly, insisted }: NegotiationOptions): void {
  const giveUp = setTimeout(() => client.destroy(), PATIENCE_MS)
  let seen: Buffer = Buffer.alloc(0)
  let hasDeclined = false

  const over = (): void => {
    done()
    if (hasDeclined) insisted()
    client.destroy()
  }
  const done = (): void => {
    clearTimeout(giveUp)
    client.off('data', received)
    client.off('end', over)
    client.off('close', over)
  }
  const received = (bytes: Buffer): void => {
    seen = Buffer.concat([seen, bytes])
    for (;;) {
      const begins = encryption.begins(seen)
      if (begins === undefined) return
      const { kind, sizeBytes } = begins
      seen = seen.subarray(sizeBytes)
      if (kind === 'nothing') {
        done()
        // The next reader of the client reads this first.
        client.unshift(seen)
        plainly(client)
        return
      }
      if (kind === 'hello' || (kind === 'tls' && securely !== undefined)) {
        secure(kind)
        return
      }
      hasDeclined ||= kind === 'tls'
      client.write(encryption.declined)
    }
  }
  const secure = (kind: 'hello' | 'tls'): void => {
    done()
    // What came in plaintext behind the request may be somebody else's.
    if (securely === undefined || (kind === 'tls' && seen.length > 0)) {
      if (securely === undefined) insisted()
      client.destroy()
      return
    }
    if (kind === 'tls') client.write(encryption.accepted)
    else {
      // TLS takes what waits in the stream, unless the stream flows.
      client.pause()
      client.unshift(seen)
    }
    securely(client)
  }
  client.on('error', () => undefined)
  client.on('end', over)
  client.on('close', over)
  client.on('data', received)
}
