import type { WebSocket } from 'ws'
import type { Told } from '../browser/frames.ts'

export interface Channel {
  /**
   * Returns whether the connection is open and has no unsent data. A page that does not read gets no further frames.
   */
  isFree(): boolean
  send(told: Told): void
  /** Closes the connection of a page that sent an unexpected message. */
  refuse(why: string): void
  onClosed(closed: () => void): void
}

/** The close code for a message that violates the endpoint's policy (RFC 6455 §7.4.1). */
const POLICY_VIOLATION = 1008
/**
 * The limit of unread data in bytes. A page that exceeds the limit is gone or hostile, and is disconnected. A page gets
 * no frame while it has unread data, but always gets the answers to its orders.
 */
const MOST_BUFFERED_BYTES = 4_000_000

export function openChannel(page: WebSocket, connected: (channel: Channel) => (text: string) => void): void {
  const channel: Channel = {
    isFree: () => page.readyState === page.OPEN && page.bufferedAmount === 0,
    send(told) {
      if (page.bufferedAmount > MOST_BUFFERED_BYTES) page.terminate()
      else page.send(JSON.stringify(told))
    },
    refuse: (why) => page.close(POLICY_VIOLATION, why),
    onClosed: (closed) => void page.on('close', closed),
  }
  const said = connected(channel)
  page.on('message', (data, isBinary) => {
    if (isBinary) channel.refuse('Text only.')
    else said(String(data))
  })
  // The error closes the connection. Nothing else is needed.
  page.on('error', () => page.terminate())
}
