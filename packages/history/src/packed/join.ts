import { HistoryBuilder } from '../builder/builder.ts'
import { type EdgeEvents, edgeEvent } from '../builder/edge-events.ts'
import { type Edges, IDLE } from '../builder/edges.ts'
import type { Columns } from '../columns/columns.ts'
import { type Instant, nanosBetween } from '../event/epoch.ts'
import { CannotPack } from '../event/error.ts'
import type { Process } from '../event/event.ts'
import type { LentHistory } from '../history/history-data.ts'
import { type Dealing, type Packed, Packer } from './packer.ts'

/** A stretch of a recording after reading. Plain data. */
export interface ReadStretch {
  /** The history without its operations. */
  readonly rest: LentHistory
  readonly packed: Packed
  readonly edges: Edges
}

/**
 * An operation that is called in one stretch and answered in a later one, or never. `call` and `answer` are positions
 * in the whole recording.
 */
interface Reaching {
  readonly call: number
  readonly stretch: ReadStretch
  readonly at: number
  /** Index of the operation's answer; -1 for no answer. */
  answer: number
}

/**
 * Joins the stretches of a recording, which are given in order.
 *
 * @throws CannotPack if the recording can only be checked by reading it as a whole.
 * @throws UserError if the recording breaks a rule. The error's line number is meaningless.
 */
export function joinStretches(
  stretches: readonly ReadStretch[],
  dealing: Dealing,
): { readonly rest: LentHistory; readonly packed: readonly Packed[] } {
  const [first] = stretches
  if (first === undefined) throw new CannotPack('nothing')
  if (first.rest.header?.ends === true && stretches.at(-1)?.edges.ends !== true) throw new CannotPack('no end')
  const reaching = reachingOf(stretches)
  return {
    rest: {
      ...first.rest,
      keys: namesOf(stretches, ({ keys }) => keys),
      nodes: namesOf(stretches, ({ nodes }) => nodes),
      functions: namesOf(stretches, ({ functions }) => functions),
      processNames: namesOf(stretches, ({ processNames }) => processNames),
      eventCount: stretches.reduce((sum, { rest }) => sum + rest.eventCount, 0),
      // The warnings of the first stretch would say that the recording was cut off, because the end mark is in the last
      // stretch.
      warnings: [],
      cutOff: undefined,
    },
    packed: [...stretches.map(({ packed }) => packed), packedFrom(stretches, reaching, dealing)],
  }
}

const namesOf = <Name>(stretches: readonly ReadStretch[], of: (rest: LentHistory) => readonly Name[]): Name[] => {
  const names = new Set<Name>()
  for (const { rest } of stretches) for (const name of of(rest)) names.add(name)
  return [...names]
}

/** Marks a process that may not invoke again, since its outcome is unknown. */
const ENDED = -1

/** Returns the operations that are called in one stretch and answered in a later one, or never. Ordered by call. */
function reachingOf(stretches: readonly ReadStretch[]): Reaching[] {
  const carried = new Map<Process, number>()
  const found: Reaching[] = []
  let before = 0
  let lastIndex = -1
  let lastTime = Number.NEGATIVE_INFINITY
  for (const stretch of stretches) {
    const { edges, packed } = stretch
    if (edges.firstIndex >= 0) {
      if (edges.firstIndex <= lastIndex) throw new CannotPack('indices that go back')
      lastIndex = edges.lastIndex
    }
    if (edges.firstTime !== Number.POSITIVE_INFINITY) {
      const later = laterBy(stretches, edges.epoch)
      if (edges.firstTime + later < lastTime) throw new CannotPack('times that go back')
      lastTime = edges.lastTime + later
    }
    const answered = new Map(edges.answered.processes.map((process, at) => [process, at]))
    const open = new Map(edges.open.processes.map((process, at) => [process, at]))
    for (const [n, process] of edges.processes.entries()) {
      const known = carried.get(process)
      const answer = answered.get(process)
      if (answer !== undefined) {
        const calls = found[known ?? ENDED]
        if (calls === undefined) throw new CannotPack('answers to nothing')
        calls.answer = before + (edges.answered.positions[answer] ?? 0)
      } else if (known !== undefined) throw new CannotPack('processes that go on')
      const at = open.get(process)
      if (at !== undefined) {
        carried.set(process, found.length)
        found.push({ call: before + (edges.open.positions[at] ?? 0), stretch, at, answer: -1 })
      } else if (edges.states[n] === IDLE) carried.delete(process)
      else carried.set(process, ENDED)
    }
    before += packed.clientEvents
  }
  return found.sort((a, b) => a.call - b.call)
}

/** The nanoseconds to add to the times of a stretch, so that all stretches have the same epoch. */
const laterBy = ([first]: readonly ReadStretch[], epoch: Instant): number =>
  first === undefined ? 0 : nanosBetween(first.edges.epoch, epoch)

/**
 * Pairs, checks and packs the operations that are called in one stretch of the recording and answered in a later one,
 * or never.
 */
function packedFrom(stretches: readonly ReadStretch[], reaching: readonly Reaching[], dealing: Dealing): Packed {
  const builder = new HistoryBuilder({ shared: true })
  /** The operations by event position in the builder. */
  const calls: (Reaching | undefined)[] = []
  const adjust = (columns: Columns, row: number): void => {
    const place = calls[columns.callEvent[row] ?? -1]
    if (place === undefined) throw new Error('a row matches no operation that its part left open')
    columns.callEvent[row] = place.call
    columns.returnEvent[row] = place.answer
  }
  const packer = new Packer(builder, dealing, adjust)
  let next = 0
  const take = (events: EdgeEvents, at: number, { edges, rest }: ReadStretch): void => {
    const { time = 0, ...event } = edgeEvent(events, at, rest)
    builder.event({ ...event, time: time + laterBy(stretches, edges.epoch) })
  }
  // Adds the calls before this position. Events are thus added in the order of their positions, which is also the order
  // of their times.
  const callBefore = (position: number): void => {
    for (let each = reaching[next]; each !== undefined && each.call < position; each = reaching[next]) {
      const { stretch, at } = each
      calls.push(each)
      take(stretch.edges.open, at, stretch)
      next += 1
    }
  }
  let before = 0
  for (const stretch of stretches) {
    for (const [at, position] of stretch.edges.answered.positions.entries()) {
      callBefore(before + position)
      calls.push(undefined)
      take(stretch.edges.answered, at, stretch)
    }
    before += stretch.packed.clientEvents
  }
  callBefore(Number.POSITIVE_INFINITY)
  return { ...packer.end().packed, clientEvents: 0, at: 0 }
}
