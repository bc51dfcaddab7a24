import type { Json, Nanos } from '@chaosproxy/history'
import { rowOfCell } from './cells.ts'
import { type MicroOperation, requestedOperations } from './row-step.ts'
import { type Collapsed, type Executed, unrecorded } from './transaction.ts'

export interface WholeOptions {
  /**
   * Whether it is unknown which statements belong to the transaction, for example because one request contains a COMMIT
   * and other statements.
   */
  readonly isTangled: boolean
  readonly endedAt: Nanos
  readonly isolation: string | undefined
  /** The application's request to which the transaction belongs; undefined if unknown. */
  readonly request: string | undefined
  /** Whether all reads above READ COMMITTED use one snapshot. Locking reads of MySQL do not. */
  readonly hasOneSnapshot: boolean
}

/** Returns a transaction as one operation, whose value is the list of reads and writes. */
export function wholeOf(all: readonly Executed[], options: WholeOptions): Collapsed {
  const kept = all.filter(({ row, isUndone }) => row !== undefined && !isUndone)
  const [first] = kept
  if (first === undefined) {
    const what = all[0]?.row?.what ?? all[0]?.step.what ?? 'an empty transaction'
    return unrecorded({ kind: 'passed-on', what, touches: 'nothing' })
  }
  if (options.isTangled) {
    const why = 'its statements are not told apart from those of the next transaction; send BEGIN and COMMIT alone'
    const what = 'a transaction with a COMMIT among other statements of one request'
    return unrecorded({ kind: 'not-understood', what, why, touches: 'everything' })
  }
  // If all statements were answered before the COMMIT, `call.value` already contains the results of all reads and
  // writes.
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
  done?.micro ?? (row === undefined ? [] : requestedOperations(row))

/** Returns the additional members that checkers read (`TransactionNote`). */
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
  readonly firstRows: Executed
  readonly isolation: string | undefined
  readonly hasOneSnapshot: boolean
}

/**
 * Returns the earliest and the latest possible time of the snapshot that a statement reads. At READ UNCOMMITTED and
 * READ COMMITTED, each statement takes a snapshot between its request and its answer. At higher levels, the transaction
 * takes one snapshot between its first request and the answer to its first statement on recorded rows.
 */
function timesOf(
  { requestedAt, answeredAt }: Executed,
  { first, firstRows, isolation, hasOneSnapshot }: Snapshots,
): readonly Nanos[] {
  const isByStatement = isolation !== undefined && BY_STATEMENT.includes(isolation)
  const from = isByStatement ? requestedAt : first.requestedAt
  const isOwn = isByStatement || isolation === undefined || !hasOneSnapshot
  const to = isOwn ? answeredAt : earlierOf(firstRows.answeredAt, answeredAt)
  return to === undefined ? [] : [from, to]
}

const BY_STATEMENT = ['read committed', 'read uncommitted', 'read committed of InnoDB']

const earlierOf = (one: Nanos | undefined, other: Nanos | undefined): Nanos | undefined =>
  one !== undefined && other !== undefined && other < one ? other : one

const writtenRows = ({ done }: Executed): readonly string[] =>
  (done?.micro ?? []).flatMap(([kind, cell]) => (kind === 'r' ? [] : [rowOfCell(cell)]))
