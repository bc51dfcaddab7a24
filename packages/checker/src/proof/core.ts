import { FAIL, functionOf, type History, inputOf, type Json, OK, outputOf, replacesWhole } from '@chaosproxy/history'
import { addTo } from '../encoding/lists.ts'
import type { Budget } from '../limits/budget.ts'
import { shrink } from '../search/shrink.ts'

/** The maximum number of operations in a core. The verifier does not search larger cores. */
export const MOST_IN_CORE = 60

export interface Search {
  readonly history: History
  readonly rows: readonly number[]
  readonly accepts: (rows: readonly number[]) => boolean
}

/**
 * Searches for few operations that contradict a level by themselves. Starts with the operations of the explanation.
 * Adds operations until the verifier accepts the set. Then removes as many of them as it can.
 *
 * @param named the operations on which answers in the returned set may depend
 * @returns undefined if no set of at most 60 operations is accepted
 */
export function coreOf(
  { history, rows, accepts }: Search,
  explained: readonly number[],
  budget: Budget,
  named: readonly number[] = [],
): readonly number[] | undefined {
  const starts = new Set(explained)
  const isNamed = new Set(named)
  const all = rows
    .filter((row) => starts.has(row) || history.operations.outcome[row] !== FAIL)
    .map((row) => readsAndWritesOf(history, row))
  let core: Some = all.filter(({ row }) => starts.has(row))
  const isAccepted = (some: Some): boolean => accepts(some.map(({ row }) => row))
  /** The writers of each value shown. Without them, a value returned by a stale read would have no writer. */
  const writers = new Map<string, ReadsAndWrites[]>()
  for (const each of all) for (const name of each.writes) addTo(writers, name, each)
  const { callEvent, returnEvent } = history.operations
  const writersOf = ({ row, shows, writes }: ReadsAndWrites): Some =>
    shows.length === 1 && writes.length === 0
      ? (writers.get(shows[0]) ?? []).filter((writer) => callEvent[writer.row] < returnEvent[row])
      : []
  for (const widen of [
    undefined,
    () =>
      ({ row }: ReadsAndWrites) =>
        isNamed.has(row),
    withGivers,
    withReaders,
    withGivers,
    withWriters,
    withNeighbours,
    withAnswered,
    withEarlier,
    withAll,
  ]) {
    const isAdded = widen?.(history, core, all)
    const wider = isAdded === undefined ? core : all.filter((each) => core.includes(each) || isAdded(each))
    if (wider.length > MOST_IN_CORE || (widen !== undefined && wider.length === core.length)) continue
    core = wider
    if (!isAccepted(core)) continue
    const withWriters = all.filter((each) => core.includes(each) || core.some((of) => writersOf(of).at(-1) === each))
    const isClosed = (some: Some): boolean =>
      some.every((of) => writersOf(of).length === 0 || writersOf(of).some((writer) => some.includes(writer)))
    const start = isAccepted(withWriters) ? withWriters : core
    return shrink(start, (some) => isClosed(some) && isAccepted(some), budget).map(({ row }) => row)
  }
  return undefined
}

/** The value that an operation writes, and the values that its answer shows, each with its key. */
interface ReadsAndWrites {
  readonly row: number
  readonly writes: readonly string[]
  readonly shows: readonly string[]
  /** Whether the operation replaces the whole content of the object. */
  readonly replaces: boolean
}

type Some = readonly ReadsAndWrites[]

/**
 * A rule that extends `core`, the set of operations that `coreOf` submits to the verifier. Returns a function that
 * reports whether to add an operation.
 */
type Widening = (history: History, core: Some, all: Some) => (other: ReadsAndWrites) => boolean

/** Adds the operations that may have written a value that an answer in the core shows. */
const withGivers: Widening = ({ operations: { callEvent, returnEvent, outcome, key } }, core, all) => {
  const readers = core.filter(({ shows }) => shows.length > 0)
  const replacedBefore = readers.map(({ row }) =>
    all
      .filter(({ row: other, replaces }) => replaces && outcome[other] === OK && key[other] === key[row])
      .filter(({ row: other }) => returnEvent[other] < callEvent[row])
      .reduce((latest, { row: other }) => Math.max(latest, callEvent[other]), -1),
  )
  return ({ row: other, writes }) =>
    readers.some(({ row, shows }, at) => {
      const isLater = returnEvent[row] >= 0 && callEvent[other] > returnEvent[row]
      const isReplaced = returnEvent[other] >= 0 && returnEvent[other] < replacedBefore[at]
      return !isLater && !isReplaced && writes.some((each) => shows.includes(each))
    })
}

/** Adds the operations whose results show values written in the core. */
const withReaders: Widening = (_, core) => {
  const written = new Set(core.flatMap(({ writes }) => writes))
  return ({ shows }) => shows.some((each) => written.has(each))
}

/** Adds all operations that may have changed values that answers in the core show. */
const withWriters: Widening = (history, core) => {
  const isEarlier = withEarlier(history, core, [])
  return (other) => other.writes.length > 0 && isEarlier(other)
}

/** Adds the operations on the core's keys that overlapped the core. */
const withNeighbours: Widening = (history, core) =>
  openAfter(history, core, Math.min(...core.map(({ row }) => history.operations.callEvent[row])))

/** Adds the acknowledged operations on the core's keys that were called before the last event of the core. */
const withAnswered: Widening = (history, core, all) => {
  const isEarlier = withEarlier(history, core, all)
  return (other) => history.operations.outcome[other.row] === OK && isEarlier(other)
}

const withEarlier: Widening = (history, core) => openAfter(history, core, 0)

const withAll: Widening = () => () => true

function openAfter({ operations }: History, core: Some, from: number): (other: ReadsAndWrites) => boolean {
  const { key, callEvent, returnEvent } = operations
  const keys = new Set(core.map(({ row }) => key[row]))
  const to = Math.max(...core.map(({ row }) => Math.max(callEvent[row], returnEvent[row])))
  return ({ row }) => keys.has(key[row]) && callEvent[row] < to && (returnEvent[row] < 0 || returnEvent[row] > from)
}

function readsAndWritesOf(history: History, row: number): ReadsAndWrites {
  const [input, output] = [inputOf(history, row), outputOf(history, row)]
  const isOk = history.operations.outcome[row] === OK
  if (Array.isArray(input) && input.every(isMicro)) {
    const steps = isOk && Array.isArray(output) && output.every(isMicro) ? output : input
    const named = (isRead: boolean): readonly string[] =>
      steps.flatMap(([f, key, value]) =>
        (f === 'r') === isRead ? partsOf(value).map((part) => nameOf(String(key), part)) : [],
      )
    return { row, writes: named(false), shows: isOk ? named(true) : [], replaces: false }
  }
  const key = String(history.operations.key[row])
  const named = (value: Json): readonly string[] => partsOf(value).map((part) => nameOf(key, part))
  const f = functionOf(history, row)
  if (f === 'cas' && Array.isArray(input) && input.length === 2) {
    const [expected = null, written = null] = input
    return { row, writes: [nameOf(key, written)], shows: isOk ? [nameOf(key, expected)] : [], replaces: true }
  }
  const writes = input === null ? [] : named(input)
  return { row, writes, shows: isOk && writes.length === 0 ? named(output) : [], replaces: replacesWhole(f) }
}

type Micro = readonly [f: string, key: Json, value: Json]

const isMicro = (value: Json): value is Micro =>
  Array.isArray(value) && value.length === 3 && typeof value[0] === 'string'

const nameOf = (key: string, value: Json): string => `${key} ${JSON.stringify(value)}`

const partsOf = (value: Json): readonly Json[] => (Array.isArray(value) ? value : [value])
