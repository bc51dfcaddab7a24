import { FAIL, functionOf, type History, inputOf, type Json, OK, outputOf, replacesWhole } from '@chaosproxy/history'
import { createBudget, limitedTo } from '../limits/budget.ts'
import { shrink } from '../search/shrink.ts'

/** A core of more operations is not searched by the verifier. */
export const MOST_IN_CORE = 60

/** More than cutting a core of so many operations takes. */
const MOST_STEPS = 1_000_000

/**
 * Looks for few operations that contradict a level by themselves. It begins with those that explain the violation, adds
 * those that write or show the same values until the verifier accepts, and then leaves out halves, quarters and single
 * operations.
 *
 * @param accepts whether these rows are accepted as a core
 * @returns undefined if none of at most 60 operations is accepted
 */
export function coreOf(
  history: History,
  explained: readonly number[],
  accepts: (rows: readonly number[]) => boolean,
): readonly number[] | undefined {
  let core: ReadonlySet<number> = new Set(explained)
  for (const widen of [
    undefined,
    withGivers,
    withReaders,
    withGivers,
    withWriters,
    withNeighbours,
    withEarlier,
    withAll,
  ]) {
    const wider = widen?.(history, core) ?? core
    if (wider.size > MOST_IN_CORE || (widen !== undefined && wider.size === core.size)) continue
    core = wider
    if (accepts(inOrder(core)))
      return shrink(inOrder(core), accepts, createBudget({ ...limitedTo(MOST_STEPS), memoryBytes: 0 }))
  }
  return undefined
}

const inOrder = (rows: ReadonlySet<number>): readonly number[] => [...rows].sort((a, b) => a - b)

type Rows = ReadonlySet<number>

/** What an operation writes, and what its answer shows: names of a key and a value. */
interface Said {
  readonly writes: readonly string[]
  readonly shows: readonly string[]
  /** Whether nothing is left of what the object held. */
  readonly replaces: boolean
}

/**
 * Adds whoever may have written what the operations show: not who wrote it later, nor whose write an answered one had
 * replaced before.
 */
function withGivers(history: History, rows: Rows): Rows {
  const { callEvent, returnEvent, outcome, key, length } = history.operations
  const wider = new Set(rows)
  const all = Array.from({ length }, (_, row) => row).filter((row) => outcome[row] !== FAIL)
  for (const row of rows) {
    const { shows } = saidBy(history, row)
    const isLater = (other: number): boolean => returnEvent[row] >= 0 && callEvent[other] > returnEvent[row]
    const replacing = all.filter(
      (other) => outcome[other] === OK && key[other] === key[row] && returnEvent[other] < callEvent[row],
    )
    const replaced = replacing.reduce(
      (latest, other) => (saidBy(history, other).replaces ? Math.max(latest, callEvent[other]) : latest),
      -1,
    )
    for (const other of all) {
      if (wider.size > MOST_IN_CORE) return wider
      const isReplaced = returnEvent[other] >= 0 && returnEvent[other] < replaced
      if (wider.has(other) || isLater(other) || isReplaced) continue
      if (saidBy(history, other).writes.some((each) => shows.includes(each))) wider.add(other)
    }
  }
  return wider
}

/** Adds whoever shows what the operations write. */
function withReaders(history: History, rows: Rows): Rows {
  const written = new Set([...rows].flatMap((row) => saidBy(history, row).writes))
  return related(history, rows, ({ shows }) => shows.some((each) => written.has(each)))
}

/** Adds all that may have changed what they show. */
function withWriters(history: History, rows: Rows): Rows {
  const { key, callEvent, returnEvent } = history.operations
  const keys = new Set([...rows].map((row) => key[row]))
  const last = Math.max(...[...rows].map((row) => returnEvent[row]))
  return related(history, rows, ({ writes }, row) => writes.length > 0 && keys.has(key[row]) && callEvent[row] < last)
}

/** Adds what was under way on their keys while they were. */
const withNeighbours = (history: History, rows: Rows): Rows =>
  withOpenAfter(history, rows, Math.min(...[...rows].map((row) => history.operations.callEvent[row])))

/** Adds all that was called on their keys before they had returned: then everything counts. */
const withEarlier = (history: History, rows: Rows): Rows => withOpenAfter(history, rows, 0)

const withAll = (history: History): Rows => new Set(history.operations.callEvent.subarray(0, MOST_IN_CORE + 1).keys())

function withOpenAfter(history: History, rows: Rows, from: number): Rows {
  const { key, callEvent, returnEvent, length } = history.operations
  const keys = new Set([...rows].map((row) => key[row]))
  const to = Math.max(...[...rows].map((row) => Math.max(callEvent[row], returnEvent[row])))
  const wider = new Set(rows)
  for (let row = 0; row < length && wider.size <= MOST_IN_CORE; row++)
    if (keys.has(key[row]) && callEvent[row] < to && (returnEvent[row] < 0 || returnEvent[row] > from)) wider.add(row)
  return wider
}

function related(history: History, rows: Rows, isRelated: (said: Said, row: number) => boolean): Rows {
  const wider = new Set(rows)
  for (let row = 0; row < history.operations.length && wider.size <= MOST_IN_CORE; row++)
    if (!wider.has(row) && history.operations.outcome[row] !== FAIL && isRelated(saidBy(history, row), row))
      wider.add(row)
  return wider
}

function saidBy(history: History, row: number): Said {
  const [input, output] = [inputOf(history, row), outputOf(history, row)]
  const isOk = history.operations.outcome[row] === OK
  if (Array.isArray(input) && input.every(isMicro)) {
    const steps = isOk && Array.isArray(output) && output.every(isMicro) ? output : input
    const named = (isRead: boolean): readonly string[] =>
      steps.flatMap(([f, key, value]) =>
        (f === 'r') === isRead ? partsOf(value).map((part) => nameOf(String(key), part)) : [],
      )
    return { writes: named(false), shows: isOk ? named(true) : [], replaces: false }
  }
  const key = String(history.operations.key[row])
  const named = (value: Json): readonly string[] => partsOf(value).map((part) => nameOf(key, part))
  const f = functionOf(history, row)
  if (f === 'cas' && Array.isArray(input) && input.length === 2) {
    const [expected = null, written = null] = input
    return { writes: [nameOf(key, written)], shows: isOk ? [nameOf(key, expected)] : [], replaces: true }
  }
  const writes = input === null ? [] : named(input)
  return { writes, shows: isOk && writes.length === 0 ? named(output) : [], replaces: replacesWhole(f) }
}

type Micro = readonly [f: string, key: Json, value: Json]

const isMicro = (value: Json): value is Micro =>
  Array.isArray(value) && value.length === 3 && typeof value[0] === 'string'

const nameOf = (key: string, value: Json): string => `${key} ${JSON.stringify(value)}`

/** A value, or the elements of a list. */
const partsOf = (value: Json): readonly Json[] => (Array.isArray(value) ? value : [value])
