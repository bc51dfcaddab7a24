import type { History } from '@chaosproxy/history'
import type { OperationRow } from '../../encoding/operation-row.ts'

/** The evidence of how the objects of a history ended. */
export interface Ending {
  /** By key: the answered operations that return all an object holds, after the writes stopped. */
  readonly finals: ReadonlyMap<number, readonly OperationRow[]>
  /** The keys with acknowledged updates and no such operation. */
  readonly unread: readonly number[]
  /** The name of such an operation, to follow "no". */
  readonly noun: string
}

/** Keys named in a reason. */
const MOST_NAMED = 3

/** Why nothing is known about the end; undefined if every key with acknowledged updates was read. */
export function owedBy({ finals, unread, noun }: Ending, { keys }: History): string | undefined {
  if (finals.size === 0) return `the history has no ${noun}`
  if (unread.length === 0) return undefined
  const named = unread.slice(0, MOST_NAMED).map((key) => keys[key] ?? 'the object without a key')
  const more = unread.length > MOST_NAMED ? ` and ${unread.length - MOST_NAMED} more keys` : ''
  return `no ${noun} of ${named.join(', ')}${more}`
}
