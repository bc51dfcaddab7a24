import { type EdgeKind, LINK, RT, RW, SO, WR, WW } from '../graph/edges.ts'
import type { Isolation } from '../levels/ladder.ts'
import type { CycleStep } from '../levels/situation.ts'

/** The classes of cycles (Adya 1999; Cerone & Gotsman 2016), named as in Elle. */
export type CycleClassName = 'G0' | 'G1c' | 'G-single-item' | 'G-nonadjacent-item' | 'G2-item'

/**
 * The order between transactions that a cycle uses in addition to the order of versions: none, session order or real
 * time.
 */
export type Strength = '' | '-process' | '-realtime'

export type CycleAnomaly = `${CycleClassName}${Strength}`

/** A class of cycles, as an automaton over edges. */
export interface CycleClass {
  readonly name: CycleClassName
  /** The weakest level that excludes the class. If it is met, the class is not searched. */
  readonly excludedBy: Isolation
  /** The kind of edge with which the search begins; every cycle of the class contains it. */
  readonly begins: EdgeKind
  /**
   * Returns the state after an edge, or -1 if the class does not allow it.
   * @param hasFirstKey whether the edge concerns the key of the walk's first edge
   */
  next(state: number, kind: number, hasFirstKey: boolean): number
  /** Reports whether a closed walk belongs to the class. `state` is the state after the walk's last edge. */
  accepts(state: number): boolean
}

/** Further rw seen. */
const MORE = 1
/** The last edge was rw. */
const LAST = 2
/** Whether the walk contains two consecutive rw edges. */
const ADJACENT = 4
/** The walk contains only its first edge. */
const START = 8

const isPlain = (kind: number): boolean => kind === WW || kind === WR || kind === SO || kind === RT

/** Returns the next state: 0 after an edge of an allowed kind, otherwise -1. */
const oneOnly = (kind: number, isAllowed: (kind: number) => boolean): number => (isAllowed(kind) ? 0 : -1)

/** The classes in the order of the report, the worst first. */
export const cycleClasses: readonly CycleClass[] = [
  {
    name: 'G0',
    excludedBy: 'read-uncommitted',
    begins: WW,
    next: (_, kind) => oneOnly(kind, (one) => one === WW || one === SO || one === RT),
    accepts: () => true,
  },
  {
    name: 'G1c',
    excludedBy: 'read-committed',
    begins: WR,
    next: (_, kind) => oneOnly(kind, isPlain),
    accepts: () => true,
  },
  {
    name: 'G-single-item',
    excludedBy: 'parallel-snapshot-isolation',
    begins: RW,
    next: (state, kind) => (kind === LINK ? (state === START ? START : -1) : oneOnly(kind, isPlain)),
    accepts: () => true,
  },
  {
    name: 'G-nonadjacent-item',
    excludedBy: 'snapshot-isolation',
    begins: RW,
    next: (state, kind) => {
      if (kind === LINK) return state === START || (state & LAST) !== 0 ? state : -1
      if (kind === RW) return state === START || (state & LAST) !== 0 ? -1 : MORE | LAST
      return isPlain(kind) ? state & MORE : -1
    },
    accepts: (state) => (state & MORE) !== 0 && (state & LAST) === 0,
  },
  {
    name: 'G2-item',
    excludedBy: 'serializable',
    begins: RW,
    // A walk must begin with two consecutive rw edges. This finds every cycle of the class, because every such cycle
    // contains two consecutive rw edges.
    next: (state, kind) => {
      if (kind === LINK) return state === START || (state & LAST) !== 0 ? state : -1
      if (state === START) return kind === RW ? ADJACENT | LAST : -1
      if (kind === RW) return ADJACENT | LAST
      return isPlain(kind) ? ADJACENT : -1
    },
    accepts: (state) => (state & ADJACENT) !== 0,
  },
]

/** The last edge was a visibility edge: reads-from (wr), session order or real time. */
const SEEN = 1

/** By isolation level: the cycles that the level excludes, although it does not exclude every cycle of their class. */
export const levelCycles: { readonly [isolation in Isolation]?: Omit<CycleClass, 'name' | 'excludedBy'> } = {
  // A cycle of one rw edge, any number of ww edges, and at least one visibility edge, in this order.
  causal: {
    begins: RW,
    next: (state, kind, hasFirstKey) => {
      if (kind === LINK) return state === START ? START : -1
      // The ww edges lead to a later version of the key whose version the rw edge replaced.
      if (kind === WW) return state === SEEN || !hasFirstKey ? -1 : state
      return isPlain(kind) ? SEEN : -1
    },
    accepts: (state) => state === SEEN,
  },
  // A cycle in which a visibility edge precedes each rw edge.
  prefix: {
    begins: RW,
    next: (state, kind) => {
      if (kind === LINK) return state === START || state === LAST ? state : -1
      if (kind === RW) return state === SEEN ? LAST : -1
      return kind === WW ? 0 : SEEN
    },
    accepts: (state) => state === SEEN,
  },
}

export const FIRST_STATE = START
export const CYCLE_STATES = 16

export function nameOf(steps: readonly CycleStep[]): CycleAnomaly {
  const kinds = steps.map(({ kind }) => kind)
  const strength: Strength = kinds.includes(RT) ? '-realtime' : kinds.includes(SO) ? '-process' : ''
  return `${classOf(kinds)}${strength}`
}

function classOf(kinds: readonly number[]): CycleClassName {
  const readWrites = kinds.filter((kind) => kind === RW).length
  if (readWrites === 0) return kinds.includes(WR) ? 'G1c' : 'G0'
  if (readWrites === 1) return 'G-single-item'
  const areAdjacent = kinds.some((kind, at) => kind === RW && kinds[(at + 1) % kinds.length] === RW)
  return areAdjacent ? 'G2-item' : 'G-nonadjacent-item'
}
