import type { Socket } from 'node:net'
import type { Encryption } from '@chaosproxy/wire'

/** The longest negotiation. Without a limit, a client that sends nothing would stay forever. */
const PATIENCE_MS = 10_000

export interface NegotiationOptions {
  readonly encryption: Encryption
  /** Continues with TLS; undefined if the proxy has no certificate. */
  readonly securely: ((client: Socket) => void) | undefined
  /** Continues in plaintext. */
  readonly plainly: (client: Socket) => void
  /** Called when a client left because TLS was declined. */
  readonly insisted: () => void
}

/**
 * Answers a client that requests encryption, then calls `securely` or `plainly`. The server is never asked, because
 * recorded traffic must be readable.
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
        // Put the remaining bytes back into the client's socket, so that the next reader gets them first.
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
    // Bytes between the client's request for TLS and its handshake may come from an attacker.
    if (securely === undefined || (kind === 'tls' && seen.length > 0)) {
      if (securely === undefined) insisted()
      client.destroy()
      return
    }
    if (kind === 'tls') client.write(encryption.accepted)
    else {
      // A TLS socket reads the waiting bytes of its underlying stream only if that stream is paused.
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
