import type { Tuple } from '../storage/model.ts'
import type { Executed } from './executed.ts'
import { changedPlaces, differentPlaces, lastUpTo, type RowHistory, writtenPlaces } from './versions.ts'

/** Which version of a row a statement saw. */
interface Sight {
  /** Its place among the versions; -1 if it saw none because there was none yet. */
  readonly at: number
  readonly tuple: Tuple | undefined
  /** The places of the columns that it saw as its own transaction had written them, in a row of another one. */
  readonly own: ReadonlySet<number>
}

const NONE: ReadonlySet<number> = new Set()

/** Undefined if others' versions cannot matter: its own transaction inserted or deleted the row, or it passed the row over. */
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
  // Rows that TRUNCATE took out are gone for older snapshots too.
  const emptied = met.emptied.get(history.table) ?? 0
  if (history.table.emptied?.slice(0, emptied).some((tuple) => tuple.row === row) === true)
    return { at: versions.length - 1, tuple: undefined, own: NONE }
  const at = lastUpTo(versions, snapshot.commitNumber)
  return { at, tuple: versions[at]?.tuple, own: NONE }
}

/** Whoever writes a row holds it until his end: what he wrote over is the version before his in the order of commits. */
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

/** What a statement would see in place of a row. */
export interface Other {
  readonly tuple: Tuple | undefined
}

/**
 * What it would see if the transaction of a version that it missed had been before it; undefined if that is not known, or
 * the same. `only`: of the columns that it wrote these places.
 */
export function withVersion(
  { tuple, own }: Sight,
  history: RowHistory,
  at: number,
  only?: readonly number[],
): Other | undefined {
  const after = history.versions[at]?.tuple
  const written = only ?? writtenPlaces(history, at)
  // Whoever comes after a change of a row comes after its insertion too.
  if (written === undefined || tuple === undefined) return { tuple: after }
  const left = written.filter((place) => !own.has(place))
  return after === undefined || left.length === 0 ? undefined : { tuple: replaced(tuple, after, left) }
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
