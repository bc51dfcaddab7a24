import type { Tuple } from '../storage/model.ts'
import type { Executed } from './executed.ts'
import { changedPlaces, differentPlaces, lastUpTo, type RowHistory, writtenPlaces } from './versions.ts'

interface Sight {
  /** The index of the version; -1 if the row did not exist yet. */
  readonly at: number
  readonly tuple: Tuple | undefined
  /** The columns that the statement's transaction wrote before this statement. */
  readonly own: ReadonlySet<number>
}

const NONE: ReadonlySet<number> = new Set()

/**
 * Returns the version that a statement saw. Undefined if the statement skipped the row, or if the statement's own
 * transaction inserted or deleted the row.
 */
export function sightOf({ run, met }: Executed, history: RowHistory): Sight | undefined {
  const { row, versions, places } = history
  const { transaction: own, snapshot } = run
  if (met.skipped.has(row)) return undefined
  const written = places.get(own)
  const firstCommand = versions[written ?? -1]?.firstCommand ?? snapshot.commandId
  if (written !== undefined && firstCommand < snapshot.commandId)
    return sightOfOwn(versions, written, snapshot.commandId)
  const conflict = met.conflicts.get(row)
  if (conflict !== undefined || met.locked.has(row)) {
    const { tuple } = conflict ?? { tuple: met.locked.get(row) }
    const at =
      tuple === undefined
        ? versions.findLastIndex((version) => version.tuple === undefined && version.transaction !== own)
        : (places.get(tuple.xmin.transaction) ?? -1)
    return tuple?.xmin.transaction === own ? undefined : { at, tuple, own: NONE }
  }
  // A row that TRUNCATE removed is invisible even to older snapshots.
  const emptied = met.emptied.get(history.table) ?? 0
  if (history.table.emptied?.slice(0, emptied).some((tuple) => tuple.row === row) === true)
    return { at: versions.length - 1, tuple: undefined, own: NONE }
  const at = lastUpTo(versions, snapshot.commitNumber)
  return { at, tuple: versions[at]?.tuple, own: NONE }
}

/**
 * Returns what a statement saw of a row that an earlier statement of its transaction wrote: the transaction's latest
 * version before the statement. `at` is the index of the version that the transaction replaced. This is the version
 * before the transaction's own in `versions`, because the write locked the row until the commit.
 */
function sightOfOwn(versions: RowHistory['versions'], written: number, commandId: number): Sight | undefined {
  const [before, mine] = [versions[written - 1]?.tuple, versions[written]]
  const seen = mine && [...mine.earlier, mine].filter(({ command }) => command < commandId)
  const tuple = seen?.at(-1)?.tuple
  if (before === undefined || tuple === undefined) return undefined
  const own = new Set(seen?.flatMap((version) => [...version.assigned]))
  let last = before
  for (const version of seen ?? []) {
    for (const place of differentPlaces(last, version.tuple) ?? []) own.add(place)
    last = version.tuple ?? last
  }
  return { at: written - 1, tuple, own }
}

/**
 * A row as a statement would see it (see `withVersion`, `withoutVersion`). `tuple` is undefined if it would see none.
 */
export interface Other {
  readonly tuple: Tuple | undefined
}

/**
 * Returns the row that the statement would have seen if it had also seen version `at`, which it missed. If `only` is
 * given, applies only the version's changes of these columns. Returns undefined if the row would be the same.
 */
export function withVersion(
  { tuple, own }: Sight,
  history: RowHistory,
  at: number,
  only?: readonly number[],
): Other | undefined {
  const after = history.versions[at]?.tuple
  const written = only ?? writtenPlaces(history, at)
  // If the statement saw no row, or if version `at` inserted or deleted the row, the statement would have seen version
  // `at` as a whole, because each version contains all columns of its row.
  if (written === undefined || tuple === undefined) return { tuple: after }
  const left = written.filter((place) => !own.has(place))
  return after === undefined || left.length === 0 ? undefined : { tuple: replaced(tuple, after, left) }
}

/**
 * Returns the row that the statement would have seen if version `at`, the version that it saw or an earlier one, did
 * not exist. If `only` is given, undoes only the version's changes of these columns. Returns undefined if the row would
 * be the same.
 */
export function withoutVersion(
  sight: Sight,
  history: RowHistory,
  at: number,
  only?: readonly number[],
): Other | undefined {
  const { versions } = history
  const before = versions[at - 1]?.tuple
  const changed = only ?? changedPlaces(history, at)
  if (changed === undefined) {
    if (versions[at]?.tuple !== undefined) return { tuple: undefined }
    return at === sight.at ? { tuple: before } : undefined
  }
  const replacedSince = new Set(sight.own)
  for (let later = at + 1; later <= sight.at; later++)
    for (const place of writtenPlaces(history, later) ?? changed) replacedSince.add(place)
  const left = changed.filter((place) => !replacedSince.has(place))
  if (left.length === 0 || sight.tuple === undefined || before === undefined) return undefined
  return { tuple: replaced(sight.tuple, before, left) }
}

function replaced(tuple: Tuple, by: Tuple, places: readonly number[]): Tuple {
  const values = [...tuple.values]
  for (const place of places) values[place] = by.values[place] ?? null
  return { ...tuple, values }
}
