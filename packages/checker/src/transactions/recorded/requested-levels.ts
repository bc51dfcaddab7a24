import type { TransactionNote } from '@chaosproxy/history'
import type { Ladder } from '../../verdict/ladder.ts'
import { type IsolationLevel, isolationLadder } from '../levels/ladder.ts'

/** The level `declared`: each transaction got the level of isolation that it asked for. */
export const DECLARED = 'declared'

export type RecordedLevel = IsolationLevel | typeof DECLARED

/** The ladder with DECLARED, between serializability and read committed. */
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

/** The level that a transaction asked for, as a number. */
const READ_COMMITTED = 0
export const SNAPSHOT = 1
export const SERIALIZABLE = 2

/**
 * PostgreSQL's names. PostgreSQL's default is read committed, which it also provides for read uncommitted. Other
 * databases promise less: InnoDB's repeatable read uses a snapshot for plain reads, and the newest rows for locking
 * reads and writes.
 */
const levelNumbers: { readonly [name: string]: number } = {
  'read uncommitted': READ_COMMITTED,
  'read committed': READ_COMMITTED,
  'repeatable read': SNAPSHOT,
  serializable: SERIALIZABLE,
}

/** A level that makes no promise that the checker judges. */
export const UNPROMISING = 'read uncommitted of InnoDB'

/** Returns the level that a transaction asked for: READ_COMMITTED, SNAPSHOT or SERIALIZABLE. */
export const requestedLevel = (note: TransactionNote | undefined): number =>
  levelNumbers[note?.isolation ?? ''] ?? READ_COMMITTED

/** Lists how many committed transactions asked for each level: `12 serializable, 3 by default`. */
export function requestedLevelsText(notes: readonly (TransactionNote | undefined)[], counts: Uint8Array): string {
  const numbers = new Map<string, number>()
  notes.forEach((note, t) => {
    if (counts[t] === 0) return
    const name = note?.isolation ?? 'by default'
    numbers.set(name, (numbers.get(name) ?? 0) + 1)
  })
  return [...numbers].map(([name, number]) => `${number} ${name}`).join(', ')
}
