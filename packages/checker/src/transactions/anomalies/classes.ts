import { type EdgeKind, LINK, RT, RW, SO, WR, WW } from '../graph/edges.ts'
import type { Isolation } from '../levels/ladder.ts'
import type { CycleStep } from '../levels/situation.ts'

/** The classes of cycles (Adya 1999; Cerone & Gotsman 2016), by Elle's names. */
export type CycleClassName = 'G0' | 'G1c' | 'G-single-item' | 'G-nonadjacent-item' | 'G2-item'

/** What a cycle needs besides versions. */
export type Strength = '' | '-process' | '-realtime'

export type CycleAnomaly = `${CycleClassName}${Strength}`

/** How a cycle of a class goes on; a walk's state has what of it is still missing. */
export interface CycleClass {
  readonly name: CycleClassName
  /** The weakest level that excludes all cycles of the class: none is looked for where it is met. */
  readonly excludedBy: Isolation
  /** The kind of edge that each cycle of the class has, and that the search begins with. */
  readonly begins: EdgeKind
  /** The state after an edge; -1 if the edge does not belong to the class there. */
  next(state: number, kind: number): number
  /** Whether a walk that returns to its beginning in this state is a cycle of the class. */
  accepts(state: number): boolean
}

/** Further rw seen. */
const MORE = 1
/** The last edge was rw. */
const LAST = 2
/** Two rw in a row seen. */
const ADJACENT = 4
/** Nothing but the first edge seen. */
const START = 8

const isPlain = (kind: number): boolean => kind === WW || kind === WR || kind === SO || kind === RT

/** Only edges that are not rw, but for the first. */
const oneOnly = (kind: number, isAllowed: (kind: number) => boolean): number => (isAllowed(kind) ? 0 : -1)

/** In the order in which they are told: the worst first. */
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
    // The first two edges are two rw in a row: any cycle of the class can be begun there.
    next: (state, kind) => {
      if (kind === LINK) return state === START || (state & LAST) !== 0 ? state : -1
      if (state === START) return kind === RW ? ADJACENT | LAST : -1
      if (kind === RW) return ADJACENT | LAST
      return isPlain(kind) ? ADJACENT : -1
    },
    accepts: (state) => (state & ADJACENT) !== 0,
  },
]

/** An edge seen that makes something visible: a read, a session, real time. */
const SEEN = 1

/** The cycles that a level excludes and that have no class of their own. */
export const levelCycles: { readonly [isolation in Isolation]?: Omit<CycleClass, 'name' | 'excludedBy'> } = {
  // One rw edge to any later version, then edges of what was seen.
  causal: {
    begins: RW,
    next: (state, kind) => {
      if (kind === LINK) return state === START ? START : -1
      if (kind === WW) return state === SEEN ? -1 : state
      return isPlain(kind) ? SEEN : -1
    },
    accepts: (state) => state === SEEN,
  },
  // An rw edge follows only an edge of what was seen.
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

/** The class and strength of a cycle. */
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
