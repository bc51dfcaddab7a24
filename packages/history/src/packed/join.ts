import { HistoryBuilder } from '../builder.ts'
import type { Columns } from '../columns.ts'
import type { EventInput, Process } from '../event.ts'
import type { LentHistory } from '../lent-history.ts'
import { CannotPack } from './cannot-pack.ts'
import { type Edges, IDLE } from './edges.ts'
import { type Dealing, type Packed, Packer } from './packer.ts'

/** A stretch of a recording, as it was read. Plain data. */
export interface ReadStretch {
  /** All but the operations. */
  readonly rest: LentHistory
  readonly packed: Packed
  readonly edges: Edges
}

/** An operation that was called in one stretch and answered in another, or never. Positions are those in the whole. */
interface Reaching {
  readonly call: number
  readonly called: EventInput
  readonly answer: number
  readonly answered: EventInput | undefined
}

/**
 * Puts stretches together, in their order.
 *
 * @throws CannotPack for what only a reader of the whole can tell, mistakes for example.
 * @throws UserError for a mistake, with a line that means nothing.
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
      // Its own end is not that of the recording.
      warnings: [],
      cutOff: undefined,
    },
    packed: [...stretches.map(({ packed }) => packed), packedFrom(reaching, dealing)],
  }
}

const namesOf = <Name>(stretches: readonly ReadStretch[], of: (rest: LentHistory) => readonly Name[]): Name[] => {
  const names = new Set<Name>()
  for (const { rest } of stretches) for (const name of of(rest)) names.add(name)
  return [...names]
}

/** What is known of a process at the end of a stretch. */
interface Carried {
  readonly state: number
  readonly call: number
  readonly called: EventInput | undefined
}

function reachingOf(stretches: readonly ReadStretch[]): Reaching[] {
  const carried = new Map<Process, Carried>()
  const found: Reaching[] = []
  let before = 0
  let lastIndex = -1
  let lastTime = Number.NEGATIVE_INFINITY
  for (const { edges, packed } of stretches) {
    if (edges.firstIndex >= 0) {
      if (edges.firstIndex <= lastIndex) throw new CannotPack('indices that go back')
      lastIndex = edges.lastIndex
    }
    if (edges.firstTime !== Number.POSITIVE_INFINITY) {
      if (edges.firstTime < lastTime) throw new CannotPack('times that go back')
      lastTime = edges.lastTime
    }
    const answered = new Map(edges.answered.map((each) => [each.event.process, each]))
    const open = new Map(edges.open.map((each) => [each.event.process, each]))
    for (const [n, process] of edges.processes.entries()) {
      const known = carried.get(process)
      const answer = answered.get(process)
      if (answer !== undefined) {
        if (known?.called === undefined) throw new CannotPack('answers to nothing')
        found.push({
          call: known.call,
          called: known.called,
          answer: before + answer.position,
          answered: answer.event,
        })
      } else if (known !== undefined && known.state !== IDLE) throw new CannotPack('processes that go on')
      const call = open.get(process)
      carried.set(process, {
        state: edges.states[n] ?? IDLE,
        call: before + (call?.position ?? 0),
        called: call?.event,
      })
    }
    before += packed.clientEvents
  }
  for (const { call, called } of carried.values())
    if (called !== undefined) found.push({ call, called, answer: -1, answered: undefined })
  return found.sort((a, b) => a.call - b.call)
}

/** Has them paired and checked like any others, and gives them the positions that they have in the whole. */
function packedFrom(reaching: readonly Reaching[], dealing: Dealing): Packed {
  const builder = new HistoryBuilder({ shared: true })
  const places = new Map<number, Reaching>()
  const adjust = (columns: Columns, row: number): void => {
    const place = places.get(columns.callEvent[row] ?? -1)
    if (place === undefined) throw new Error('each row is of an operation that was given')
    columns.callEvent[row] = place.call
    columns.returnEvent[row] = place.answer
  }
  const packer = new Packer(builder, dealing, adjust)
  for (const { event, calls } of inOrder(reaching)) {
    if (calls !== undefined) places.set(builder.clientEvents, calls)
    builder.event(event)
  }
  return { ...packer.end().packed, clientEvents: 0, at: 0 }
}

/** The events of these operations in the order of their positions, which is that of their times. */
function inOrder(reaching: readonly Reaching[]): readonly { event: EventInput; calls?: Reaching }[] {
  const events = reaching.flatMap((calls) => {
    const { call, called, answer, answered } = calls
    const both = [{ at: call, event: called, calls }]
    return answered === undefined ? both : [...both, { at: answer, event: answered }]
  })
  return events.sort((a, b) => a.at - b.at)
}
