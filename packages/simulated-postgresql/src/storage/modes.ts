/** The eight lock modes of tables, weakest first. Other locks use some of them. */
export const LOCK_MODES = [
  'AccessShareLock',
  'RowShareLock',
  'RowExclusiveLock',
  'ShareUpdateExclusiveLock',
  'ShareLock',
  'ShareRowExclusiveLock',
  'ExclusiveLock',
  'AccessExclusiveLock',
] as const
export type LockMode = (typeof LOCK_MODES)[number]

/** Bit n of a mode's mask is 1 if the mode conflicts with mode n (PostgreSQL's documentation, table 13.2). */
const CONFLICTS: Readonly<Record<LockMode, number>> = {
  AccessShareLock: 0b1000_0000,
  RowShareLock: 0b1100_0000,
  RowExclusiveLock: 0b1111_0000,
  ShareUpdateExclusiveLock: 0b1111_1000,
  ShareLock: 0b1110_1100,
  ShareRowExclusiveLock: 0b1111_1100,
  ExclusiveLock: 0b1111_1110,
  AccessExclusiveLock: 0b1111_1111,
}

export function bitOf(mode: LockMode): number {
  return 1 << LOCK_MODES.indexOf(mode)
}

export function conflictsOf(mode: LockMode): number {
  return CONFLICTS[mode]
}

/** The strengths of row locks, weakest first. */
const ROW_LOCKS = ['FOR KEY SHARE', 'FOR SHARE', 'FOR NO KEY UPDATE', 'FOR UPDATE'] as const
export type RowLock = (typeof ROW_LOCKS)[number]

/** Whether two row locks conflict (PostgreSQL's documentation, table 13.3). */
export function rowLocksConflict(a: RowLock, b: RowLock): boolean {
  return ROW_LOCKS.indexOf(a) + ROW_LOCKS.indexOf(b) >= 3
}

export function strongerOrEqual(a: RowLock, b: RowLock): boolean {
  return ROW_LOCKS.indexOf(a) >= ROW_LOCKS.indexOf(b)
}

/**
 * A transaction that waits for a row also locks the row's queue. For each mode of the row lock, this is the mode of the
 * queue lock (heapam.c, tupleLockExtraInfo).
 */
export const QUEUE_MODE: Readonly<Record<RowLock, LockMode>> = {
  'FOR KEY SHARE': 'AccessShareLock',
  'FOR SHARE': 'RowShareLock',
  'FOR NO KEY UPDATE': 'ExclusiveLock',
  'FOR UPDATE': 'AccessExclusiveLock',
}
