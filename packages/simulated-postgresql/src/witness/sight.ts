import type { Tuple } from '../storage/model.ts'
import type { Executed } from './executed.ts'
import { changedPlaces, type RowHistory, writtenPlaces } from './versions.ts'

/** Which version of a row a statement saw. */
interface Sight {
  /** Its place among the versions; -1 if it saw none because there was none yet. */
  readonly at: number
  readonly tuple: Tuple | undefined
}

/** Undefined if others' versions cannot matter: it saw its own transaction's, or passed the row over. */
export function sightOf({ run, met }: Executed, { row, versions }: RowHistory): Sight | undefined {
  const { transaction: own, snapshot } = run
  if (met.skipped.has(row)) return undefined
  const isOwn = versions.some(
    ({ transaction, firstCommand }) => transaction === own && firstCommand < snapshot.commandId,
  )
  if (isOwn) return undefined
  if (met.locked.has(row)) {
    const tuple = met.locked.get(row)
    const at = versions.findLastIndex((version) =>
      tuple === undefined
        ? version.tuple === undefined && version.transaction !== own
        : version.transaction === tuple.xmin.transaction,
    )
    return tuple?.xmin.transaction === own ? undefined : { at, tuple }
  }
  const at = versions.findLastIndex(
    ({ transaction }) => transaction !== own && transaction.commitNumber <= snapshot.commitNumber,
  )
  return { at, tuple: versions[at]?.tuple }
}

/** What a statement would see in place of a row. */
export interface Other {
  readonly tuple: Tuple | undefined
}

/**
 * What it would see if the transaction of a version that it missed had been before it; undefined if that is not known, or
 * the same. `only`: of the columns that it wrote these places.
 */
export function withVersion(
  { tuple }: Sight,
  history: RowHistory,
  at: number,
  only?: readonly number[],
): Other | undefined {
  const after = history.versions[at]?.tuple
  const written = only ?? writtenPlaces(history, at)
  // Whoever comes after a change of a row comes after its insertion too.
  if (written === undefined || tuple === undefined) return { tuple: after }
  return after === undefined ? undefined : { tuple: replaced(tuple, after, written) }
}

/** What it would see without a version that it saw, or that later ones which it saw came after. */
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
  const replacedSince = new Set<number>()
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
