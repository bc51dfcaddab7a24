import type { Json, Nanos } from '@chaosproxy/history'
import { rowOfCell } from './cells.ts'
import { askedOf, type MicroOperation } from './row-step.ts'
import type { Collapsed, Executed } from './transaction.ts'

export interface WholeOptions {
  /** Whether it is unknown which statements belong to the transaction, because one of them ends a transaction. */
  readonly isTangled: boolean
  /** The time at which the transaction's end was requested. */
  readonly endedAt: Nanos
  /** The isolation level that the transaction requested. */
  readonly isolation: string | undefined
  /** The request that the transaction belongs to, according to comments in its statements. */
  readonly request: string | undefined
  /**
   * Whether all reads at levels above READ COMMITTED use one snapshot. In MySQL, locking reads do not use the snapshot.
   */
  readonly hasOneSnapshot: boolean
}

/** A transaction as one operation. Its value is the list of reads and writes, cell by cell. */
export function wholeOf(all: readonly Executed[], options: WholeOptions): Collapsed {
  const kept = all.filter(({ row, isUndone }) => row !== undefined && !isUndone)
  const [first] = kept
  if (first === undefined) {
    const what = all[0]?.row?.what ?? all[0]?.step.what ?? 'an empty transaction'
    return { understanding: () => ({ kind: 'passed-on', what, touches: 'nothing' }), completions: () => [] }
  }
  if (options.isTangled) {
    const why = 'its statements are not told apart from those of the next one; send BEGIN and COMMIT alone'
    const what = 'a transaction with a COMMIT among other statements'
    return {
      understanding: () => ({ kind: 'not-understood', what, why, touches: 'everything' }),
      completions: () => [],
    }
  }
  // If all statements are answered, their micro-operations are known before the COMMIT is sent.
  const isAnswered = kept.every(({ done }) => done !== undefined)
  const call = {
    f: 'txn',
    value: kept.flatMap(microOf) as readonly Json[],
    harmless: kept.every(({ row }) => row?.statement.does === 'read'),
    what: first.row?.what,
    more: () => membersOf(all, kept, options),
  }
  return {
    understanding: ({ session }) => ({ kind: 'operations', calls: [call], session }),
    completions: () => ({
      type: 'ok',
      value: isAnswered ? call.value : (kept.flatMap(({ done }) => done?.micro ?? []) as readonly Json[]),
    }),
  }
}

const microOf = ({ row, done }: Executed): readonly MicroOperation[] =>
  done?.micro ?? (row === undefined ? [] : askedOf(row))

/**
 * Returns the facts that a checker needs in addition to the value. They are defined by `TransactionNote` of the
 * history.
 */
function membersOf(
  all: readonly Executed[],
  kept: readonly Executed[],
  { endedAt, isolation, request, hasOneSnapshot }: WholeOptions,
): { readonly [member: string]: Json } {
  const lockedAt = new Map<string, Nanos>()
  for (const { done, answeredAt } of kept)
    for (const row of done?.locked ?? [])
      if (answeredAt !== undefined && !lockedAt.has(row)) lockedAt.set(row, answeredAt)
  const written = new Set(kept.flatMap(writtenRows))
  const locks = [...lockedAt].filter(([row]) => written.has(row)).map(([row, from]) => [row, from, endedAt])
  const predicates = kept.flatMap(({ row, done }) =>
    done?.isPredicate === true && row !== undefined ? [row.what] : [],
  )
  return {
    statements: kept.map((executed) => [
      executed.row?.what ?? '',
      microOf(executed).length,
      ...timesOf(executed, { first: all[0] ?? executed, firstRows: kept[0] ?? executed, isolation, hasOneSnapshot }),
    ]),
    ...(locks.length === 0 ? {} : { locks }),
    ...(isolation === undefined ? {} : { isolation }),
    ...(request === undefined ? {} : { request }),
    ...(predicates.length === 0 ? {} : { predicates: [...new Set(predicates)] }),
  }
}

interface Snapshots {
  readonly first: Executed
  /** The first statement that reads or writes recorded rows. */
  readonly firstRows: Executed
  readonly isolation: string | undefined
  readonly hasOneSnapshot: boolean
}

/**
 * Returns the earliest and the latest time at which the snapshot of a statement was taken. At read committed and below,
 * these are the times of the statement's request and answer. At higher levels, the earliest time is that of the request
 * of the transaction's first statement, and the latest that of the answer to the first statement on recorded rows. If
 * the level is unknown, or not all reads use one snapshot, the latest is the time of the statement's own answer.
 */
function timesOf(
  { askedAt, answeredAt }: Executed,
  { first, firstRows, isolation, hasOneSnapshot }: Snapshots,
): readonly Nanos[] {
  const isByStatement = isolation !== undefined && BY_STATEMENT.includes(isolation)
  const from = isByStatement ? askedAt : first.askedAt
  const isOwn = isByStatement || isolation === undefined || !hasOneSnapshot
  const to = isOwn ? answeredAt : earlierOf(firstRows.answeredAt, answeredAt)
  return to === undefined ? [] : [from, to]
}

const BY_STATEMENT = ['read committed', 'read uncommitted', 'read committed of InnoDB']

const earlierOf = (one: Nanos | undefined, other: Nanos | undefined): Nanos | undefined =>
  one !== undefined && other !== undefined && other < one ? other : one

const writtenRows = ({ done }: Executed): readonly string[] =>
  (done?.micro ?? []).flatMap(([kind, cell]) => (kind === 'r' ? [] : [rowOfCell(cell)]))
