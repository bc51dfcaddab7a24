import { type History, type Operation, textOf } from './history.ts'
import { register } from './objects.ts'
import { type ProofHead, refuse, Undecided } from './proof.ts'
import { isBefore } from './replay.ts'

// The levels between sequential and eventual, for reads and writes of registers (DESIGN §5). Once it is known what every
// read saw, each asks that some relation between operations has no circle.

/** A read or a write, and its value. */
export interface Access {
  readonly of: Operation
  readonly isWrite: boolean
  readonly value: string
}

/** By place of an operation, the bits of those before it. */
type Relation = bigint[]

/** By place of a read: the place of the write that it saw, or -1 for the first value. */
type Sources = ReadonlyMap<number, number>

const MOST_ACCESSES = 2_000
const MOST_CHOICES = 100_000

/** Accepts what every read is said to have seen: by read, in order of lines, the line of a write, or 0. */
export function acceptSources(history: History, head: ProofHead, level: string, lines: readonly number[]): string {
  const all = accessesOf(history, history.operations, head)
  const reads = [...all.keys()].filter((n) => all[n]?.isWrite === false)
  if (reads.length !== lines.length)
    return refuse(`the history has ${reads.length} answered reads, and the proof names what ${lines.length} saw`)
  const sources = reads.map((read, n): readonly [number, number] => {
    const source = lines[n] === 0 ? FIRST : all.findIndex(({ of }) => of.line === lines[n])
    const isPossible = (source !== FIRST || lines[n] === 0) && candidates(all, read, head).includes(source)
    return isPossible
      ? [read, source]
      : refuse(`line ${all[read]?.of.line}: this read cannot have seen what line ${lines[n]} wrote, as the proof says`)
  })
  return ruleOf(level, undefined)(all, new Map(sources))
    ? `it fits what ${lines.length} reads saw`
    : refuse('what reads saw breaks it')
}

/**
 * Finds that nothing which the core's reads may have seen fits the level. A read counts if every write of its value is in
 * the core. Returns the number of choices tried.
 */
export function refuteSources(history: History, head: ProofHead, level: string, core: readonly Operation[]): number {
  const whole = accessesOf(history, history.operations, head)
  const all = accessesOf(history, core, head)
  const isMissing = (read: Access): boolean =>
    whole.some((each) => gives(each, read) && !isBefore('clients', read.of, each.of) && !core.includes(each.of))
  const reads = [...all.entries()].flatMap(([n, each]) => (each.isWrite || isMissing(each) ? [] : [n]))
  let tried = 0
  const choose = (n: number, sources: Sources): boolean => {
    if (tried > MOST_CHOICES) throw new Undecided(`more than ${MOST_CHOICES} choices of what the core saw`)
    const read = reads[n]
    if (read !== undefined)
      return candidates(all, read, head).some((source) => choose(n + 1, new Map([...sources, [read, source]])))
    tried++
    return ruleOf(level, textOf(head.initial))(all, sources)
  }
  return choose(0, new Map()) ? refuse('no violation: writes explain what counts of these reads') : tried
}

const FIRST = -1

const gives = (write: Access, read: Access): boolean =>
  write.isWrite && write.of.key === read.of.key && write.value === read.value

function candidates(all: readonly Access[], read: number, { initial }: ProofHead): readonly number[] {
  const of = all[read]
  if (of === undefined || initial === undefined)
    throw new Undecided('the verifier covers this level only if the initial value is known')
  const writes = [...all.keys()].filter((n) => gives(all[n] ?? of, of))
  return textOf(initial) === of.value ? [FIRST, ...writes] : writes
}

function accessesOf({ hasClients }: History, some: readonly Operation[], head: ProofHead): readonly Access[] {
  if (!hasClients) throw new Undecided('not every operation names its client')
  const all = accessesIn(some, head)
  if (all.length > MOST_ACCESSES) throw new Undecided(`not proved: more than ${MOST_ACCESSES} operations`)
  return all
}

/** @throws Undecided for what is no read or write. */
export const accessesIn = (some: readonly Operation[], head: ProofHead): readonly Access[] =>
  some.flatMap((of) =>
    register.view(of, head).map((action): Access => {
      const { expects, writes } = action.kind === 'cell' ? action : {}
      if ((expects === undefined) === (writes === undefined))
        throw new Undecided(`line ${of.line}: this level is defined for reads and writes only`)
      return { of, isWrite: writes !== undefined, value: writes ?? expects ?? '' }
    }),
  )

const bit = (n: number): bigint => 1n << BigInt(n)

const isIn = (set: bigint | undefined, n: number): boolean => ((set ?? 0n) & bit(n)) !== 0n

/** Whether it holds with what is added by whatever lies between. */
function closed(relation: Relation): Relation {
  const all = [...relation]
  for (const [via, before] of all.entries()) {
    for (const n of all.keys()) if (isIn(all[n], via)) all[n] = (all[n] ?? 0n) | (all[via] ?? before)
  }
  return all
}

const hasCircle = (relation: Relation): boolean => closed(relation).some((before, n) => isIn(before, n))

const relation = (all: readonly Access[], isFirst: (a: number, b: number) => boolean): Relation =>
  all.map((_, b) => all.reduce((set, _, a) => (isFirst(a, b) ? set | bit(a) : set), 0n))

type Rule = (all: readonly Access[], sources: Sources) => boolean

/** What a level asks of what every read saw. `first`: see `memory`. */
function ruleOf(level: string, first: string | undefined): Rule {
  if (level === 'causal' || level === 'causal-convergence') return causal(level === 'causal-convergence')
  if (level === 'causal-memory' || level === 'pram') return memory(level === 'causal-memory', first)
  const guarantees = level === 'session' ? GUARANTEES : GUARANTEES.filter((each) => each === level)
  if (guarantees.length === 0) throw new Undecided(`the verifier does not cover ${level}`)
  return session(new Set(guarantees), level === 'session')
}

const GUARANTEES = ['read-your-writes', 'monotonic-reads', 'monotonic-writes', 'writes-follow-reads'] as const

/**
 * Bouajjani, Enea, Guerraoui & Hamza (POPL 2017). The least causal order is that of clients and of what reads saw. CC: no
 * read saw a write that another one of its past had overwritten before. CCv: the writes of a read's past come before the
 * one that it saw, in one order for all.
 */
const causal =
  (isConvergent: boolean): Rule =>
  (all, sources) => {
    const past = closed(relation(all, (a, b) => precedes(all, a, b) || sources.get(b) === a))
    if (past.some((before, n) => isIn(before, n))) return false
    const others = overwritten(all, sources, (read, write) => isIn(past[read], write))
    if (others === undefined) return false
    if (!isConvergent) return others.every(([write, source]) => !isIn(past[write], source))
    const forced = [...past]
    for (const [write, source] of others) forced[source] = (forced[source] ?? 0n) | bit(write)
    return !hasCircle(forced)
  }

/**
 * Bouajjani et al. 2017, CM, and Lipton & Sandberg 1988, PRAM: at each read its client has an order of all writes and its own
 * reads so far, which keeps the causal order, or the order of each client. To meet the level, each read sees the very
 * write that it is said to have seen. To break it, not even one of the same value will do: then no larger causal order helps.
 *
 * @param first the first value, if any write of a value that was read explains it
 */
const memory =
  (isCausal: boolean, first: string | undefined): Rule =>
  (all, sources) => {
    const clients = relation(all, (a, b) => precedes(all, a, b))
    const before = closed(relation(all, (a, b) => isIn(clients[b], a) || (isCausal && (sources.get(b) ?? FIRST) === a)))
    if (before.some((set, n) => isIn(set, n))) return false
    const reads = [...sources.keys()]
    const sees = (read: number, last: number): boolean =>
      first === undefined ? last === sources.get(read) : (all[last]?.value ?? first) === all[read]?.value
    // What holds at the last read of a client holds at those before it.
    const lasts = reads.filter((read) => !reads.some((later) => isIn(clients[later], read)))
    const clientOf = (n: number): string | undefined => all[n]?.of.client
    if (new Set(lasts.map(clientOf)).size < lasts.length)
      throw new Undecided('the verifier does not cover this level where reads of one client overlap')
    return lasts.every((last) => {
      const isMember = (n: number): boolean =>
        all[n]?.isWrite === true || (sources.has(n) && clientOf(n) === clientOf(last))
      return hasOrder(all, before, [...all.keys()].filter(isMember), sees)
    })
  }

const MOST_STATES = 300_000

/** A search by the definition: a read that may look now looks now. */
function hasOrder(
  all: readonly Access[],
  before: Relation,
  members: readonly number[],
  sees: (read: number, last: number) => boolean,
): boolean {
  const whole = members.reduce((set, n) => set | bit(n), 0n)
  const known = new Set<string>()
  const go = (placed: bigint, last: { readonly [key: string]: number }): boolean => {
    const ready = members.filter((n) => !isIn(placed, n) && ((before[n] ?? 0n) & whole & ~placed) === 0n)
    const keyOf = (n: number): string => all[n]?.of.key ?? ''
    const look = ready.find((n) => all[n]?.isWrite === false && sees(n, last[keyOf(n)] ?? FIRST))
    if (look !== undefined) return go(placed | bit(look), last)
    if (placed === whole) return true
    const name = `${placed} ${JSON.stringify(Object.entries(last).sort())}`
    if (known.has(name)) return false
    if (known.add(name).size > MOST_STATES) throw new Undecided(`more than ${MOST_STATES} states of a client`)
    return ready.some((n) => all[n]?.isWrite === true && go(placed | bit(n), { ...last, [keyOf(n)]: n }))
  }
  return go(0n, {})
}

/**
 * Pairs of a write that a read saw and another one of its key that was visible to it, which came before. Undefined if a
 * read saw the first value although a write of its key was visible.
 */
function overwritten(
  all: readonly Access[],
  sources: Sources,
  isVisible: (read: number, write: number) => boolean,
): readonly (readonly [write: number, source: number])[] | undefined {
  const pairs: (readonly [number, number])[] = []
  for (const [read, source] of sources) {
    for (const [n, { of, isWrite }] of all.entries()) {
      if (!isWrite || n === source || of.key !== all[read]?.of.key || !isVisible(read, n)) continue
      if (source === FIRST) return undefined
      pairs.push([n, source])
    }
  }
  return pairs
}

const precedes = (all: readonly Access[], a: number, b: number): boolean => {
  const [one, other] = [all[a], all[b]]
  return one !== undefined && other !== undefined && isBefore('clients', one.of, other.of)
}

/**
 * Viotti & Vukolić 2016: the least visibility that the guarantees allow, and one order of all writes; for all four
 * together, the guarantees of writes hold for what is visible as well (Terry et al. 1994).
 */
const session =
  (guarantees: ReadonlySet<(typeof GUARANTEES)[number]>, propagates: boolean): Rule =>
  (all, sources) => {
    const clients = relation(all, (a, b) => precedes(all, a, b))
    const writes = all.reduce((set, { isWrite }, n) => (isWrite ? set | bit(n) : set), 0n)
    const sees = all.map((_, n) => ((sources.get(n) ?? FIRST) === FIRST ? 0n : bit(sources.get(n) ?? FIRST)))
    const seenBefore = (n: number): bigint =>
      all.reduce((set, { isWrite }, at) => (!isWrite && isIn(clients[n], at) ? set | (sees[at] ?? 0n) : set), 0n)
    for (let known = ''; known !== sees.join(); ) {
      known = sees.join()
      for (const [read, { isWrite }] of all.entries()) {
        if (isWrite) continue
        let set = sees[read] ?? 0n
        if (guarantees.has('read-your-writes')) set |= (clients[read] ?? 0n) & writes
        if (guarantees.has('monotonic-reads')) set |= seenBefore(read)
        for (const n of propagates ? all.keys() : [])
          if (isIn(set, n)) set |= ((clients[n] ?? 0n) & writes) | seenBefore(n)
        sees[read] = set
      }
    }
    // Nobody reads what is written later.
    if (hasCircle(clients.map((before, n) => before | (sees[n] ?? 0n)))) return false
    const others = overwritten(all, sources, (read, write) => isIn(sees[read], write))
    if (others === undefined) return false
    const order = all.map(({ of, isWrite }, n) => {
      if (!isWrite) return 0n
      const own = (clients[n] ?? 0n) & writes
      const ownOfKey = all.reduce((set, each, at) => (each.of.key === of.key ? set | (own & bit(at)) : set), 0n)
      const before = guarantees.has('monotonic-writes') ? own : guarantees.has('read-your-writes') ? ownOfKey : 0n
      return before | (guarantees.has('writes-follow-reads') ? seenBefore(n) & ~bit(n) : 0n)
    })
    for (const [write, source] of others) order[source] = (order[source] ?? 0n) | bit(write)
    return !hasCircle(order)
  }
