import type { EventInput, Json } from '@chaosproxy/history'

// Decides every isolation level of a small history by its axioms, for every order of the transactions. The order is the
// arbitration of Cerone and Gotsman (ECOOP 2017), and determines the version order of Adya (1999). Visibility is the
// smallest relation that the axioms allow. Shares no code with the checker.

export type Kind = 'list' | 'register'

/** The value of a read is the whole list or the register's value. For a register, null is the initial value. */
export type MicroOperation =
  | { readonly f: 'r'; readonly key: string; readonly value: number | null | readonly number[] }
  | { readonly f: 'w'; readonly key: string; readonly value: number }

export interface Transaction {
  readonly process: number
  readonly type: 'ok' | 'fail' | 'info'
  /** The positions of the call and the return among the events. An `info` transaction never returns. */
  readonly call: number
  readonly return: number
  readonly operations: readonly MicroOperation[]
}

export const bases = [
  'read-uncommitted',
  'read-committed',
  'cursor-stability',
  'monotonic-atomic-view',
  'read-atomic',
  'causal',
  'prefix',
  'parallel-snapshot-isolation',
  'snapshot-isolation',
  'repeatable-read',
  'serializable',
] as const
export type Base = (typeof bases)[number]

/**
 * Which order of transactions a level requires, in addition to consistent reads and writes: none, the order in each
 * session, or real time.
 */
export const strengths = ['plain', 'session', 'real-time'] as const
export type Strength = (typeof strengths)[number]

export const levelName = (base: Base, strength: Strength): string => {
  if (strength === 'plain') return base
  if (strength === 'session') return `strong-session-${base}`
  return base === 'serializable' ? 'strict-serializable' : `strong-${base}`
}

const below: { readonly [base in Base]: readonly Base[] } = {
  'read-uncommitted': [],
  'read-committed': ['read-uncommitted'],
  'cursor-stability': ['read-committed'],
  'monotonic-atomic-view': ['read-committed'],
  'read-atomic': ['monotonic-atomic-view'],
  causal: ['read-atomic'],
  prefix: ['causal'],
  'parallel-snapshot-isolation': ['causal', 'cursor-stability'],
  'snapshot-isolation': ['prefix', 'parallel-snapshot-isolation'],
  'repeatable-read': ['cursor-stability', 'snapshot-isolation'],
  serializable: ['repeatable-read'],
}

/** By the name of a level, the levels that it directly implies. */
export const implied: ReadonlyMap<string, readonly string[]> = new Map(
  strengths.flatMap((strength, at) =>
    bases.map((base): [string, string[]] => [
      levelName(base, strength),
      [
        ...below[base].map((weaker) => levelName(weaker, strength)),
        ...strengths.slice(0, at).map((weaker) => levelName(base, weaker)),
      ],
    ]),
  ),
)

export interface Options {
  readonly kind: Kind
  /**
   * Concerns reads of lists to which the reading transaction has appended. If true, all elements that such a read
   * returned restrict the order of writes. If false, only the elements before the transaction's own appends do.
   */
  readonly ownReads?: boolean
}

/** Returns, by the name of a level, whether the history meets it. */
export function decide(transactions: readonly Transaction[], { kind, ownReads = true }: Options): Map<string, boolean> {
  const history = understand(transactions, kind, ownReads)
  const met = new Set<string>()
  const open = strengths.map((strength) => ({
    strength,
    given: givenOrder(history.committed, strength),
    bases: bases.filter((base) => !isRuledOut(base, history)),
  }))
  eachOrder(history.committed.length, (order) => {
    const able = open.filter((candidate) => candidate.bases.length > 0 && contains(order, candidate.given))
    if (able.length === 0 || !fitsReads(order, history)) return true
    const view = viewOf(order, history)
    for (const candidate of able)
      candidate.bases = candidate.bases.filter((base) => {
        if (base !== 'read-uncommitted' && !view.hasSourcesBefore) return true
        if (!axioms[base](view, candidate.given)) return true
        met.add(levelName(base, candidate.strength))
        return false
      })
    return open.some((candidate) => candidate.bases.length > 0)
  })
  return new Map(
    strengths.flatMap((strength) =>
      bases.map((base): [string, boolean] => [levelName(base, strength), met.has(levelName(base, strength))]),
    ),
  )
}

/** No transaction. */
const INITIAL = -1

interface Read {
  readonly key: string
  /**
   * The transaction that wrote the version read, as an index into the committed transactions. For an own write, this is
   * the reading transaction itself.
   */
  readonly source: number
  /** Whether the version comes from the snapshot. False for a register's value that the transaction wrote itself. */
  readonly isExternal: boolean
}

interface Understood {
  readonly kind: Kind
  readonly committed: readonly Transaction[]
  /** For each committed transaction, its reads in program order. There are none if they are unknown. */
  readonly reads: readonly (readonly Read[])[]
  /** For each key and committed transaction, what the transaction wrote. */
  readonly writes: ReadonlyMap<string, readonly (readonly number[])[]>
  /** For each committed transaction, the transactions whose writes it read. */
  readonly sources: Before
  /** For each list, the elements of its longest read that committed transactions appended. */
  readonly known: ReadonlyMap<string, readonly number[]>
  /** Whether some reads of one list are not prefixes of a single order. */
  readonly isContradictory: boolean
  /** Whether some value was read that was never committed. */
  readonly isUnsound: boolean
  readonly isInconsistent: boolean
}

const writesOf = ({ operations }: Transaction, key: string): number[] =>
  operations.flatMap((operation) => (operation.f === 'w' && operation.key === key ? [operation.value] : []))

const keysOf = (transactions: readonly Transaction[]): string[] => [
  ...new Set(transactions.flatMap(({ operations }) => operations.map(({ key }) => key))),
]

const elementsOf = (value: number | null | readonly number[]): readonly number[] =>
  value === null ? [] : typeof value === 'number' ? [value] : value

function understand(transactions: readonly Transaction[], kind: Kind, ownReads: boolean): Understood {
  const seen = new Set<string>()
  for (const { type, operations } of transactions)
    if (type === 'ok')
      for (const operation of operations)
        if (operation.f === 'r')
          for (const element of elementsOf(operation.value)) seen.add(`${operation.key} ${element}`)
  const isSeen = ({ operations }: Transaction): boolean =>
    operations.some(({ f, key, value }) => f === 'w' && seen.has(`${key} ${value}`))
  const committed = transactions.filter((txn) => txn.type === 'ok' || (txn.type === 'info' && isSeen(txn)))
  const writer = (key: string, element: number): number =>
    committed.findIndex((txn) => writesOf(txn, key).includes(element))
  const lists = new Map<string, (readonly number[])[]>()
  let isUnsound = false
  let isInconsistent = false
  const reads = committed.map((txn, self): Read[] => {
    if (txn.type !== 'ok') return []
    return txn.operations.flatMap((operation, at): Read[] => {
      if (operation.f !== 'r') return []
      const { key } = operation
      const earlier = txn.operations.slice(0, at)
      const own = writesOf({ ...txn, operations: earlier }, key)
      const value = elementsOf(operation.value)
      const before = earlier.findLast((other) => other.f === 'r' && other.key === key)
      if (!isInternallyConsistent(kind, earlier, key, value)) isInconsistent = true
      const base = kind === 'register' ? value : beforeOwn(value, own)
      const bound = kind === 'register' || ownReads ? value : base
      lists.set(key, [...(lists.get(key) ?? []), bound])
      const later = writesOf(txn, key).slice(own.length)
      if (value.some((element) => later.includes(element) || writer(key, element) === -1)) isUnsound = true
      const seen = endsWith(value, own) || !ownReads ? base : value
      const last = (kind === 'register' ? value : seen).at(-1)
      const source = last === undefined ? INITIAL : writer(key, last)
      const writes = source === INITIAL ? [] : writesOf(committed[source]!, key)
      if (source !== INITIAL && source !== self && writes.at(-1) !== last) isUnsound = true
      if (last !== undefined && source === INITIAL) return []
      return [{ key, source, isExternal: kind === 'list' ? source !== self : own.length === 0 && before === undefined }]
    })
  })
  const known = new Map<string, number[]>()
  let isContradictory = false
  if (kind === 'list')
    for (const [key, all] of lists) {
      const longest = all.reduce((a, b) => (b.length > a.length ? b : a))
      if (new Set(longest).size < longest.length) isContradictory = true
      if (!all.every((list) => list.every((element, at) => element === longest[at]))) isContradictory = true
      const ofCommitted = longest.filter((element) => writer(key, element) !== -1)
      if (ofCommitted.length > 0) known.set(key, ofCommitted)
    }
  const writes = new Map(keysOf(committed).map((key) => [key, committed.map((txn) => writesOf(txn, key))]))
  const sources = reads.map((all, self) =>
    all.reduce((mask, { source }) => (source === INITIAL || source === self ? mask : mask | (1 << source)), 0),
  )
  return { kind, committed, reads, writes, sources, known, isContradictory, isUnsound, isInconsistent }
}

const endsWith = (list: readonly number[], end: readonly number[]): boolean =>
  end.every((element, at) => list[list.length - end.length + at] === element)

function beforeOwn(list: readonly number[], own: readonly number[]): readonly number[] {
  if (endsWith(list, own)) return list.slice(0, list.length - own.length)
  const first = list.findIndex((element) => own.includes(element))
  return first === -1 ? list : list.slice(0, first)
}

/** INT: a read returns what the transaction last read or wrote of the key. */
function isInternallyConsistent(
  kind: Kind,
  earlier: readonly MicroOperation[],
  key: string,
  value: readonly number[],
): boolean {
  let state: readonly number[] | undefined
  const own: number[] = []
  for (const operation of earlier) {
    if (operation.key !== key) continue
    if (operation.f === 'r') state = elementsOf(operation.value)
    else if (kind === 'register') state = [operation.value]
    else {
      own.push(operation.value)
      if (state !== undefined) state = [...state, operation.value]
    }
  }
  if (state === undefined) return endsWith(value, own)
  return value.length === state.length && endsWith(value, state)
}

function isRuledOut(base: Base, { isContradictory, isUnsound, isInconsistent }: Understood): boolean {
  if (isContradictory) return true
  if (base === 'read-uncommitted') return false
  if (isUnsound) return true
  if (base === 'read-committed' || base === 'cursor-stability' || base === 'monotonic-atomic-view') return false
  return isInconsistent
}

/** For each transaction, the set of the transactions before it. Each bit stands for a transaction. */
type Before = readonly number[]

function givenOrder(committed: readonly Transaction[], strength: Strength): Before {
  return committed.map((later) =>
    bits(committed, (earlier) => {
      if (strength === 'plain') return false
      if (strength === 'real-time' && earlier.return < later.call) return true
      return earlier.process === later.process && earlier.call < later.call
    }),
  )
}

const bits = (committed: readonly Transaction[], has: (txn: Transaction, index: number) => boolean): number =>
  committed.reduce((mask, txn, index) => (has(txn, index) ? mask | (1 << index) : mask), 0)

/** Calls `visit` with every order of 0 … length − 1 until it returns false. */
function eachOrder(length: number, visit: (order: readonly number[]) => boolean): void {
  const order: number[] = []
  const go = (left: number): boolean => {
    if (left === 0) return visit(order)
    for (let i = 0; i < length; i++) {
      if ((left & (1 << i)) === 0) continue
      order.push(i)
      const goesOn = go(left & ~(1 << i))
      order.pop()
      if (!goesOn) return false
    }
    return true
  }
  go((1 << length) - 1)
}

/** Reports whether, in this order, the elements appended to each key begin with the elements in `known`. */
function fitsReads(order: readonly number[], { known, writes }: Understood): boolean {
  for (const [key, elements] of known) {
    let at = 0
    for (const txn of order)
      for (const element of writes.get(key)![txn]!) if (at < elements.length && elements[at++] !== element) return false
  }
  return true
}

function contains(order: readonly number[], before: Before): boolean {
  let placed = 0
  for (const txn of order) {
    if ((before[txn]! & ~placed) !== 0) return false
    placed |= 1 << txn
  }
  return true
}

/** One order of the transactions, and the facts that follow from it. */
interface View {
  readonly history: Understood
  readonly order: readonly number[]
  readonly position: readonly number[]
  readonly hasSourcesBefore: boolean
  writers(key: string): readonly number[]
}

function viewOf(order: readonly number[], history: Understood): View {
  const position = order.map((_, txn) => order.indexOf(txn))
  const writers = (key: string): readonly number[] => order.filter((txn) => history.writes.get(key)![txn]!.length > 0)
  return { history, order, position, hasSourcesBefore: contains(order, history.sources), writers }
}

const axioms: { readonly [base in Base]: (view: View, given: Before) => boolean } = {
  // PL-1: the order contains every ww edge, because versions follow the order.
  'read-uncommitted': () => true,
  // PL-2: the order also contains every wr edge.
  'read-committed': (view) => view.hasSourcesBefore,
  // PL-CS: if a transaction reads a version of an object and also writes the object, it writes the next version.
  'cursor-stability': (view) =>
    everyRead(view, ({ key, source }, self) => {
      const writers = view.writers(key)
      return source === self || !writers.includes(self) || writers.indexOf(self) === writers.indexOf(source) + 1
    }),
  // Read committed of Biswas and Enea (OOPSLA 2019): the source of a read is not older than the writers that earlier
  // reads saw.
  'monotonic-atomic-view': (view) =>
    everyRead(view, ({ key, source }, self, at) => {
      if (source === self) return true
      const seen = view.history.reads[self]!.slice(0, at).map((read) => read.source)
      return isNewest(view, key, source, (txn) => txn !== self && seen.includes(txn))
    }),
  'read-atomic': (view, given) => isExternallyConsistent(view, required(view, given)),
  causal: (view, given) => isExternallyConsistent(view, transitive(view, required(view, given))),
  prefix: (view, given) => isExternallyConsistent(view, prefixClosed(view, required(view, given))),
  'parallel-snapshot-isolation': (view, given) =>
    isExternallyConsistent(view, transitive(view, withConflicts(view, required(view, given)))),
  'snapshot-isolation': (view, given) =>
    isExternallyConsistent(view, prefixClosed(view, withConflicts(view, required(view, given)))),
  // PL-2.99: no cycle of dependencies and item anti-dependencies.
  'repeatable-read': (view) =>
    everyRead(view, ({ key, source }, self) => {
      const writers = view.writers(key)
      const next = writers.slice(writers.indexOf(source) + 1)
      return source === self || next.every((txn) => txn === self || view.position[self]! < view.position[txn]!)
    }),
  serializable: replays,
}

function everyRead({ history }: View, holds: (read: Read, self: number, at: number) => boolean): boolean {
  return history.reads.every((reads, self) => reads.every((read, at) => holds(read, self, at)))
}

/** Reports whether every writer of the key after `source` is invisible. */
function isNewest(view: View, key: string, source: number, isVisible: (txn: number) => boolean): boolean {
  const writers = view.writers(key)
  return writers.slice(writers.indexOf(source) + 1).every((txn) => !isVisible(txn))
}

/**
 * Reports whether EXT holds: each external read returns the newest visible version. The visibility `visible` must
 * contain all sources and agree with the order of the transactions.
 */
function isExternallyConsistent(view: View, visible: Before): boolean {
  return everyRead(
    view,
    ({ key, source, isExternal }, self) =>
      !isExternal || isNewest(view, key, source, (txn) => (visible[self]! & (1 << txn)) !== 0),
  )
}

const required = ({ history }: View, given: Before): Before => history.sources.map((mask, txn) => mask | given[txn]!)

/** NOCONFLICT: of two writers of one key, the later one sees the earlier one. */
function withConflicts(view: View, visible: Before): Before {
  const all = [...visible]
  for (const key of view.history.writes.keys()) {
    let earlier = 0
    for (const txn of view.writers(key)) {
      all[txn]! |= earlier
      earlier |= 1 << txn
    }
  }
  return all
}

/** TRANSVIS. */
function transitive({ order }: View, visible: Before): Before {
  const all = [...visible]
  for (const txn of order) for (const other of order) if ((all[txn]! & (1 << other)) !== 0) all[txn]! |= all[other]!
  return all
}

/** PREFIX: if a transaction is visible, all that precede it in the order are visible, too. */
function prefixClosed({ order, position }: View, visible: Before): Before {
  return visible.map((mask) => {
    const last = order.findLast((txn) => (mask & (1 << txn)) !== 0)
    if (last === undefined) return 0
    return order.reduce((all, txn) => (position[txn]! <= position[last]! ? all | (1 << txn) : all), 0)
  })
}

/** Reports whether TOTALVIS holds: running the transactions one after another, in this order, explains every read. */
function replays({ order, history }: View): boolean {
  const state = new Map<string, readonly number[]>()
  for (const index of order) {
    const { type, operations } = history.committed[index]!
    for (const { f, key, value } of operations) {
      const held = state.get(key) ?? []
      if (f === 'w') state.set(key, history.kind === 'list' ? [...held, value] : [value])
      else if (type === 'ok') {
        const read = elementsOf(value)
        if (read.length !== held.length || !endsWith(read, held)) return false
      }
    }
  }
  return true
}

/** Returns the events of the transactions in the form that the checker takes. */
export function eventsOf(transactions: readonly Transaction[], kind: Kind): EventInput[] {
  const write = kind === 'list' ? 'append' : 'w'
  const json = ({ operations }: Transaction, isComplete: boolean): Json =>
    operations.map(
      ({ f, key, value }): Json => (f === 'w' ? [write, key, value] : ['r', key, isComplete ? (value as Json) : null]),
    )
  return transactions
    .flatMap((txn): { readonly at: number; readonly event: EventInput }[] => [
      { at: txn.call, event: { process: txn.process, type: 'invoke', f: 'txn', value: json(txn, false) } },
      {
        at: txn.type === 'info' ? Number.MAX_SAFE_INTEGER : txn.return,
        event: { process: txn.process, type: txn.type, f: 'txn', value: json(txn, txn.type === 'ok') },
      },
    ])
    .toSorted((a, b) => a.at - b.at)
    .map(({ event }) => event)
}
