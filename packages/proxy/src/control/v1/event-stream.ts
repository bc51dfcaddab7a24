import type { ServerResponse } from 'node:http'
import type { RecordedEvent } from '../events.ts'
import type { ControlPlane } from '../plane.ts'

/** So that a proxy in between does not take a quiet stream for a dead one. */
const KEEP_ALIVE_MS = 15_000
/** How often hits are looked at while somebody listens; in between they only count. */
const HITS_EVERY_MS = 250
/** Whoever reads more slowly than this much behind is cut off, and may come back for what it missed. */
const MOST_WAITING_BYTES = 1024 * 1024

/**
 * Sends events as they happen, as Server-Sent Events (WHATWG HTML §9.2): the id is the sequence number, and who
 * comes back with `Last-Event-ID` gets what it missed, as far as it is still kept.
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
