import type { ServerResponse } from 'node:http'
import type { ControlPlane } from '../plane/plane.ts'
import type { RecordedEvent } from '../state/events.ts'

/** Keeps intermediaries from closing a quiet stream. */
const KEEP_ALIVE_MS = 15_000
/** How often hits are reported while a client is listening; without one they are only counted. */
const HITS_EVERY_MS = 250
/** A reader that falls further behind is disconnected; it may reconnect and catch up. */
const MOST_WAITING_BYTES = 1024 * 1024

/**
 * Sends events as they happen, as Server-Sent Events (WHATWG HTML §9.2). The id is the sequence number: a client that
 * reconnects with `Last-Event-ID` gets the events it missed, if they are still kept.
 */
export function streamEvents(plane: ControlPlane, response: ServerResponse, after: number | undefined): void {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
  const send = (event: RecordedEvent): void => {
    if (response.writableLength > MOST_WAITING_BYTES) response.destroy()
    else response.write(`id: ${event.sequence}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
  }
  response.write(': events of chaos proxy\n\n')
  for (const event of plane.events.since(after ?? plane.events.lastSequence)) send(event)
  const unsubscribe = plane.events.subscribe(send)
  const hits = setInterval(() => plane.faults.reportHits(), HITS_EVERY_MS)
  const keepAlive = setInterval(() => response.write(': \n\n'), KEEP_ALIVE_MS)
  response.on('close', () => {
    unsubscribe()
    clearInterval(hits)
    clearInterval(keepAlive)
  })
}
