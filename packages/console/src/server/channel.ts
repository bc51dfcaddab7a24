import type { WebSocket } from 'ws'
import type { ServerMessage } from '../browser/frames.ts'

export interface Channel {
  /** Whether the connection is open and has no unsent data. */
  isFree(): boolean
  send(message: ServerMessage): void
  /** Closes the connection of a page after an unexpected message. */
  refuse(why: string): void
  onClosed(closed: () => void): void
}

/** The close code for a message that violates the endpoint's policy (RFC 6455 §7.4.1). */
const POLICY_VIOLATION = 1008
/** The limit of unread data in bytes. A page beyond it is gone or hostile, and is disconnected. */
const MOST_BUFFERED_BYTES = 4_000_000

export function openChannel(page: WebSocket, connected: (channel: Channel) => (text: string) => void): void {
  const channel: Channel = {
    isFree: () => page.readyState === page.OPEN && page.bufferedAmount === 0,
    send(message) {
      if (page.bufferedAmount > MOST_BUFFERED_BYTES) page.terminate()
      else page.send(JSON.stringify(message))
    },
    refuse: (why) => page.close(POLICY_VIOLATION, why),
    onClosed: (closed) => void page.on('close', closed),
  }
  const receive = connected(channel)
  page.on('message', (data, isBinary) => {
    if (isBinary) channel.refuse('Text only.')
    else receive(String(data))
  })
  // The error closes the connection.
  page.on('error', () => page.terminate())
}
