import type { TransactionNote } from '@chaosproxy/history'
import type { Ladder } from '../../verdict/ladder.ts'
import { type IsolationLevel, isolationLadder } from '../levels/ladder.ts'

/** Whether each transaction got the level of isolation that it asked for. */
export const DECLARED = 'declared'

/** The levels by which transactions of a recorded database are judged. */
export type RecordedLevel = IsolationLevel | typeof DECLARED

/** A serial order is what every level promises; and no level promises less than read committed. */
export const recordedLadder: Ladder<RecordedLevel> = {
  ...isolationLadder,
  levels: isolationLadder.levels.flatMap((level): readonly RecordedLevel[] =>
    level === 'serializable' ? [level, DECLARED] : [level],
  ),
  implied: {
    ...isolationLadder.implied,
    serializable: [...isolationLadder.implied['serializable'], DECLARED],
    [DECLARED]: ['read-committed'],
  },
}

/** What a transaction asked for, by the number of its guarantees. */
const READ_COMMITTED = 0
export const SNAPSHOT = 1
export const SERIALIZABLE = 2

/**
 * PostgreSQL's names. It gives read committed to those who ask for read uncommitted, and by default. Others promise less:
 * InnoDB's repeatable read has a snapshot for plain reads, and the newest rows for reads that lock and for writes.
 */
const asked: { readonly [name: string]: number } = {
  'read uncommitted': READ_COMMITTED,
  'read committed': READ_COMMITTED,
  'repeatable read': SNAPSHOT,
  serializable: SERIALIZABLE,
}

/** It promises nothing that is judged here. */
export const UNPROMISING = 'read uncommitted of InnoDB'

/** READ_COMMITTED, SNAPSHOT or SERIALIZABLE. */
export const levelAsked = (note: TransactionNote | undefined): number => asked[note?.isolation ?? ''] ?? READ_COMMITTED

/** `12 serializable, 3 by default`: how many committed transactions asked for which level. */
export function askedText(notes: readonly (TransactionNote | undefined)[], counts: Uint8Array): string {
  const numbers = new Map<string, number>()
  notes.forEach((note, t) => {
    if (counts[t] === 0) return
    const name = note?.isolation ?? 'by default'
    numbers.set(name, (numbers.get(name) ?? 0) + 1)
  })
  return [...numbers].map(([name, number]) => `${number} ${name}`).join(', ')
}
