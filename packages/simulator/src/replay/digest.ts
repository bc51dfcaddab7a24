import { createHash } from 'node:crypto'
import { type Event, printJsonLine } from '@chaosproxy/history'

/**
 * Returns the SHA-256 of a history as it is saved, shortened to 16 hexadecimal digits. The same run has the same digest
 * on every machine. The digest omits `answered`, which older versions did not record.
 */
export function digestOf(events: readonly Event[]): string {
  const hash = createHash('sha256')
  for (const event of events)
    hash.update(`${printJsonLine(event.answered === undefined ? event : { ...event, answered: undefined })}\n`)
  return hash.digest('hex').slice(0, 16)
}
