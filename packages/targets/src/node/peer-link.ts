import { connect, type Socket } from 'node:net'
import type { NodeId } from '@chaosproxy/faults'

const FIRST_BACKOFF_MS = 20
const LONGEST_BACKOFF_MS = 320
/** After this time a connection counts as healthy, and the backoff starts over. */
const STEADY_AFTER_MS = 1000

/** A node's sending side towards one peer: its own connection, redialled whenever it breaks. */
export interface PeerLink {
  /**
   * Sends a message in JSON. Drops the message if there is no connection or the peer does not read, as a network may
   * drop it.
   */
  send(message: string): void
  close(): void
}

interface PeerLinkOptions {
  readonly from: NodeId
  readonly to: NodeId
  /** The port of the peer or of its proxy, on 127.0.0.1. */
  readonly port: number
  /** Beyond this number of unsent bytes, messages are dropped. */
  readonly maxBufferedBytes: number
}

export function createPeerLink(options: PeerLinkOptions): PeerLink {
  let socket: Socket | undefined
  let backoffMs = FIRST_BACKOFF_MS
  let redial: NodeJS.Timeout | undefined
  let lines = ''
  let flush: NodeJS.Immediate | undefined
  let closed = false

  function dial(): void {
    const dialled = connect({ host: '127.0.0.1', port: options.port, noDelay: true })
    const since = performance.now()
    socket = dialled
    dialled.write(`${JSON.stringify({ from: options.from, to: options.to })}\n`)
    dialled.on('error', () => {})
    // The peer sends nothing, but the stream must flow: otherwise it does not report that the peer has closed the
    // connection.
    dialled.resume()
    dialled.on('close', () => {
      socket = undefined
      if (closed) return
      backoffMs = performance.now() - since > STEADY_AFTER_MS ? FIRST_BACKOFF_MS : backoffMs
      redial = setTimeout(dial, backoffMs)
      backoffMs = Math.min(2 * backoffMs, LONGEST_BACKOFF_MS)
    })
  }

  function flushLines(): void {
    flush = undefined
    const text = lines
    lines = ''
    socket?.write(text)
  }

  dial()
  return {
    send(message) {
      if (socket === undefined || socket.writableLength + lines.length > options.maxBufferedBytes) return
      lines += `${message}\n`
      // All messages of this event-loop turn share one write.
      flush ??= setImmediate(flushLines)
    },
    close() {
      closed = true
      clearTimeout(redial)
      clearImmediate(flush)
      socket?.destroy()
    },
  }
}
