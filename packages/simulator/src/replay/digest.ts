import { createHash } from 'node:crypto'
import { type Event, printJsonLine } from '@chaosproxy/history'

/** SHA-256 of a history as saved, shortened to 16 hexadecimal digits: the same run has the same digest everywhere. */
export function digestOf(events: readonly Event[]): string {
  const hash = createHash('sha256')
  for (const event of events) hash.update(`${printJsonLine(event)}\n`)
  return hash.digest('hex').slice(0, 16)
}
