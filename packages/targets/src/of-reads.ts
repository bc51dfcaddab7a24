import { isEverRead } from '@chaosproxy/protocols'

/**
 * Returns the clause. Returns an empty text for an object that is never read, such as a queue or a lock. The clause
 * describes the guarantee that is lost if certain servers answer reads.
 */
export const ofReads = (object: string, clause: string): string =>
  object === 'transactions' || isEverRead(object) ? clause : ''
