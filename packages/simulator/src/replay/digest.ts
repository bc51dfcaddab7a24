import { createHash } from 'node:crypto'
import { type Event, printJsonLine } from '@chaosproxy/history'

/**
 * Returns the SHA-256 of a history, shortened to 16 hexadecimal digits. It is the same on every machine. It omits
 * `answered`, which older versions did not record.
 */
export function digestOf(events: readonly Event[]): string {
  const hash = createHash('sha256')
  for (const event of events)
    hash.update(`${printJsonLine(event.answered === undefined ? event : { ...event, answered: undefined })}\n`)
  return hash.digest('hex').slice(0, 16)
}
