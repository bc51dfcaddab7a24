import {
  FAIL,
  FLAG_UNSAID,
  type History,
  INFO,
  inputOf,
  type Json,
  meaningOf,
  OK,
  outputOf,
  readsWhole,
  writtenValue,
} from '@chaosproxy/history'

/** Matches an error that says, or may say, that there is no value. */
const NOTHING_THERE = /^(status (404|410|2\d\d)|grpc NOT_FOUND)$/

/** Matches 2xx except 204: such a status leaves open whether there is a value. After `202`, it may not exist yet. */
const MAY_SAY_ANYTHING = /^status 2(?!04$)\d\d$/

const MOST_NAMED = 3

export function leftOutReads(history: History): string[] {
  const found = readsOfNothing(history)
  if (found.size === 0) return []
  const changes = changesOf(history, found)
  const { callEvent, returnEvent } = history.operations
  const rows = [...found].flatMap(([key, reads]) => {
    const { writes, removals } = changes.get(key) ?? NONE
    return reads.filter((row) => {
      const written = writes.latestBefore(callEvent[row] ?? 0)
      return written !== undefined && (removals.latestBefore(returnEvent[row] ?? 0) ?? -1) < written
    })
  })
  const [first] = rows
  if (first === undefined) return []
  const keys = [...new Set(rows.map((row) => history.keys[history.operations.key[row] ?? -1]))]
  const named = keys.filter((key) => key !== undefined).slice(0, MOST_NAMED)
  const more = keys.length > named.length && named.length > 0 ? ` and ${keys.length - named.length} more` : ''
  const whose = named.length === 0 ? '' : ` of ${named.join(', ')}${more}`
  const reads = rows.length === 1 ? '1 read' : `${rows.length} reads`
  const error = history.errorOf(first) ?? ''
  const were = rows.length === 1 ? 'was' : 'were'
  if (MAY_SAY_ANYTHING.test(error))
    return [
      `${reads}${whose} ended in ${error} after an acknowledged write and ${were} left out, because the route table calls this status "fail". Whether a value was there is unknown. If ${error} says that there is no value, have the route say "absent" for ${error} in place of "fail"; if the answer has a value, have the route read the value`,
    ]
  return [
    `${reads}${whose} ended in ${error} after an acknowledged write and ${were} left out: a lost write looks like this. Have the route say "absent" for ${error} in place of "fail"`,
  ]
}

export function readsOfNothing(history: History): ReadonlyMap<number, readonly number[]> {
  const { f, key, outcome, length } = history.operations
  const isRead = history.functions.map(readsWhole)
  const found = new Map<number, number[]>()
  for (let row = 0; row < length; row++) {
    if (outcome[row] !== FAIL || isRead[f[row] ?? -1] !== true) continue
    if (!NOTHING_THERE.test(history.errorOf(row) ?? '')) continue
    const known = found.get(key[row] ?? -1)
    if (known === undefined) found.set(key[row] ?? -1, [row])
    else known.push(row)
  }
  return found
}

/**
 * The changes of one key, as positions of events. An acknowledged write counts from its return, a possible removal from
 * its call.
 */
interface Changes {
  readonly writes: Latest
  readonly removals: Latest
}

/** Holds values with their times. Finds the greatest value among those before a given time. */
class Latest {
  readonly #entries: [at: number, value: number][] = []
  #isSorted = true

  add(at: number, value: number): void {
    this.#entries.push([at, value])
    this.#isSorted = false
  }

  latestBefore(moment: number): number | undefined {
    if (!this.#isSorted) this.#sort()
    let low = 0
    let high = this.#entries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#entries[middle]?.[0] ?? 0) < moment) low = middle + 1
      else high = middle
    }
    return this.#entries[low - 1]?.[1]
  }

  #sort(): void {
    this.#entries.sort(([one], [other]) => one - other)
    let greatest = Number.NEGATIVE_INFINITY
    for (const entry of this.#entries) {
      greatest = Math.max(greatest, entry[1])
      entry[1] = greatest
    }
    this.#isSorted = true
  }
}

const NONE: Changes = { writes: new Latest(), removals: new Latest() }

function changesOf(history: History, keys: ReadonlyMap<number, unknown>): ReadonlyMap<number, Changes> {
  const { f, key, outcome, callEvent, returnEvent, length } = history.operations
  const effects = history.functions.map((name) => meaningOf(name)?.effect)
  const changes = new Map<number, Changes>()
  for (let row = 0; row < length; row++) {
    const at = key[row] ?? -1
    const effect = effects[f[row] ?? -1]
    if (outcome[row] === FAIL || !keys.has(at)) continue
    const isRemoval = effect === 'removes' || (effect === 'replaces' && leftBehind(history, row) === null)
    if (!isRemoval && effect !== 'replaces' && effect !== 'adds' && effect !== 'appends') continue
    let known = changes.get(at)
    if (known === undefined) {
      known = { writes: new Latest(), removals: new Latest() }
      changes.set(at, known)
    }
    const called = callEvent[row] ?? 0
    const returned = outcome[row] === INFO ? Number.POSITIVE_INFINITY : (returnEvent[row] ?? 0)
    if (isRemoval) known.removals.add(called, returned)
    else if (outcome[row] === OK) known.writes.add(returned, called)
  }
  return changes
}

/** Returns the value of the object after a write, if known. */
function leftBehind(history: History, row: number): Json | undefined {
  const { f, outcome, flags } = history.operations
  const isUnsaid = ((flags[row] ?? 0) & FLAG_UNSAID) !== 0
  if (isUnsaid && outcome[row] !== OK) return undefined
  const recorded = isUnsaid ? outputOf(history, row) : inputOf(history, row)
  return writtenValue(history.functions[f[row] ?? -1] ?? '', recorded)
}
