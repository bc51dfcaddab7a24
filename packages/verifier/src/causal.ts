import { type History, type Operation, textOf } from './history.ts'
import type { Part } from './model.ts'
import { cells, register } from './objects.ts'
import { type ProofHead, refuse, Undecided } from './proof.ts'
import { isBefore } from './replay.ts'
import { findOrder } from './search.ts'

// The levels between sequential and eventual, for reads and writes of registers. Each level is a rule about the history
// and the sources of its reads. The source of a read is the write whose value the read returned; if several writes have
// this value, the history does not determine the source. A proof that a level is met names sources that keep the rule.
// A proof that a level is violated names a core: all possible sources of the core's reads break the rule.

/** A read or a write, and its value. The code below identifies an access by its index. */
export interface Access {
  readonly of: Operation
  readonly isWrite: boolean
  readonly value: string
}

/** By access: the set of the accesses before it. Bit n stands for access n. */
type Relation = bigint[]

type Sources = ReadonlyMap<number, number>

/** The source of a read of the initial value. */
const FIRST = -1

const MOST_ACCESSES = 2_000
const MOST_CHOICES = 100_000

/**
 * Checks that the sources that a proof names satisfy the level.
 *
 * @param lines for each read, the line of the write that is its source, or 0 for `FIRST`.
 * @throws Refused if they do not.
 */
export function acceptSources(history: History, head: ProofHead, level: string, lines: readonly number[]): string {
  const all = accessesOf(history, history.operations, head)
  const reads = [...all.keys()].filter((n) => all[n]?.isWrite === false)
  if (reads.length !== lines.length)
    return refuse(`the history has ${reads.length} answered reads, but the proof names sources for ${lines.length}`)
  const sources = reads.map((read, n): readonly [number, number] => {
    const source = lines[n] === 0 ? FIRST : all.findIndex(({ of }) => of.line === lines[n])
    const isPossible = (source !== FIRST || lines[n] === 0) && candidates(all, read, head).includes(source)
    return isPossible
      ? [read, source]
      : refuse(`line ${all[read]?.of.line}: the proof says that this read saw line ${lines[n]}, which is impossible`)
  })
  return ruleOf(level, undefined)(all, new Map(sources))
    ? `the writes that the proof names for ${lines.length} reads satisfy this level`
    : refuse('if each read saw the write that the proof names, this level is violated')
}

/**
 * Checks that the core breaks the rule of the level for every choice of sources. A choice assigns a source to each
 * read: a write that the read may have seen. A read is ignored if some write of its value is outside the core, unless
 * this write follows the read in the same client. Returns the number of choices tried, including partial ones.
 *
 * @throws Refused if some choice keeps the rule.
 */
export function refuteSources(history: History, head: ProofHead, level: string, core: readonly Operation[]): number {
  const whole = accessesOf(history, history.operations, head)
  const all = accessesOf(history, core, head)
  const lacksSource = (read: Access): boolean =>
    whole.some((each) => gives(each, read) && !isBefore('clients', read.of, each.of) && !core.includes(each.of))
  const reads = [...all.entries()].flatMap(([n, each]) => (each.isWrite || lacksSource(each) ? [] : [n]))
  const numberOf = new Map(reads.map((read) => [read, candidates(all, read, head).length]))
  reads.sort((a, b) => (numberOf.get(a) ?? 0) - (numberOf.get(b) ?? 0))
  let tried = 0
  const choose = (n: number, sources: Sources): boolean => {
    if (tried++ > MOST_CHOICES) throw new Undecided(`the reads have over ${MOST_CHOICES} possible sets of sources`)
    const read = reads[n]
    if (read !== undefined)
      return candidates(all, read, head).some((source) => choose(n + 1, new Map([...sources, [read, source]])))
    return ruleOf(level, textOf(head.initial))(all, sources)
  }
  return choose(0, new Map())
    ? refuse('the core satisfies the level; reads of values that are also written outside the core are ignored')
    : tried
}

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

/** @throws Undecided for operations other than reads and writes. */
export const accessesIn = (some: readonly Operation[], head: ProofHead): readonly Access[] =>
  some.flatMap((of) =>
    register.view(of, head).map((action): Access => {
      const { expects, writes } = action.kind === 'cell' ? action : {}
      if ((expects === undefined) === (writes === undefined))
        throw new Undecided(`line ${of.line} calls ${of.f}, and this level is defined for reads and writes only`)
      return { of, isWrite: writes !== undefined, value: writes ?? expects ?? '' }
    }),
  )

const bit = (n: number): bigint => 1n << BigInt(n)

const isIn = (set: bigint | undefined, n: number): boolean => ((set ?? 0n) & bit(n)) !== 0n

/** The transitive closure (Warshall 1962). */
function closed(relation: Relation): Relation {
  const all = [...relation]
  for (const [via, before] of all.entries()) {
    for (const n of all.keys()) if (isIn(all[n], via)) all[n] = (all[n] ?? 0n) | (all[via] ?? before)
  }
  return all
}

const hasCycle = (relation: Relation): boolean => closed(relation).some((before, n) => isIn(before, n))

const relation = (all: readonly Access[], isFirst: (a: number, b: number) => boolean): Relation =>
  all.map((_, b) => all.reduce((set, _, a) => (isFirst(a, b) ? set | bit(a) : set), 0n))

type Rule = (all: readonly Access[], sources: Sources) => boolean

/** Returns the rule of a level. For `first`, see `memory`. */
function ruleOf(level: string, first: string | undefined): Rule {
  if (level === 'causal' || level === 'causal-convergence') return causal(level === 'causal-convergence')
  if (level === 'causal-memory' || level === 'pram') return memory(level === 'causal-memory', first)
  const guarantees = level === 'session' ? GUARANTEES : GUARANTEES.filter((each) => each === level)
  if (guarantees.length === 0) throw new Undecided(`the verifier does not cover ${level}`)
  return session(new Set(guarantees), level === 'session')
}

const GUARANTEES = ['read-your-writes', 'monotonic-reads', 'monotonic-writes', 'writes-follow-reads'] as const

/**
 * Causal consistency, CC, and causal convergence, CCv (Bouajjani, Enea, Guerraoui & Hamza, POPL 2017). The causal order
 * is the least order that contains the order of each client and puts each source before its reads. The past of a read
 * is everything before it in this order. CC: between a read and its source, there is no other write of the key. CCv: a
 * single order of all writes keeps the causal order. If the past of a read contains other writes of its key, they come
 * before the source of the read in this single order.
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
    return !hasCycle(forced)
  }

/**
 * Causal memory, CM (Bouajjani et al. 2017), and PRAM (Lipton & Sandberg 1988): each client has an order of all writes
 * and its own reads. In this order, every read returns the latest write of its key. The order keeps the causal order
 * (CM) or the order of each client (PRAM).
 *
 * @param first To accept that the level is met: undefined. The latest write must then be the source of the read. To
 * refute the level: the initial value of registers. The latest write may then be any write of the value that the read
 * returned, and some reads may have no source. More sources would only add to the causal order. So if a client has no
 * order now, it would have none with more sources.
 */
const memory =
  (isCausal: boolean, first: string | undefined): Rule =>
  (all, sources) => {
    const clients = relation(all, (a, b) => precedes(all, a, b))
    const before = closed(relation(all, (a, b) => isIn(clients[b], a) || (isCausal && (sources.get(b) ?? FIRST) === a)))
    if (before.some((set, n) => isIn(set, n))) return false
    const reads = [...sources.keys()]
    // An order that explains a client's last read also explains its earlier reads.
    const lasts = reads.filter((read) => !reads.some((later) => isIn(clients[later], read)))
    const clientOf = (n: number): string | undefined => all[n]?.of.client
    if (new Set(lasts.map(clientOf)).size < lasts.length)
      throw new Undecided('the verifier does not cover this level where reads of one client overlap')
    const indexOf = new Map(all.map(({ of }, n) => [of, n]))
    const isFirst = (a: Part, b: Part): boolean =>
      isIn(before[indexOf.get(b.operation) ?? 0], indexOf.get(a.operation) ?? 0)
    // If `first` is undefined, a read must return its source, not just an equal value. So each value is replaced by the
    // index of the write that wrote it.
    const textOfAccess = (value: string, n: number): string => (first === undefined ? `${sources.get(n) ?? n}` : value)
    return lasts.every((last) => {
      const parts = all.flatMap(({ of, isWrite, value }, n): readonly Part[] => {
        if (!isWrite && (!sources.has(n) || of.client !== clientOf(last))) return []
        const text = textOfAccess(value, n)
        return [{ operation: of, action: { kind: 'cell', [isWrite ? 'writes' : 'expects']: text } }]
      })
      return findOrder(
        parts,
        isFirst,
        cells(() => first ?? `${FIRST}`),
      ).exists
    })
  }

/**
 * Returns the pairs of writes whose order follows from the sources. A read's source is the latest visible write of its
 * key, so any other visible write of the key precedes it. Returns undefined if a read returned the initial value
 * despite a visible write.
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
 * The four session guarantees (Terry et al. 1994), as Viotti & Vukolić 2016 define them. Each read sees some of the
 * writes, and a single order contains all writes. A read's source is the last write of its key, in this order, that the
 * read sees. The code derives only what the guarantees require: that a read sees a write, and that a write precedes
 * another.
 * - read-your-writes: a read sees the earlier writes of its client, and the order keeps the client's order of writes of
 *   one key.
 * - monotonic-reads: a read sees the writes that earlier reads of its client saw.
 * - monotonic-writes: the order keeps the order of each client's writes.
 * - writes-follow-reads: if a client saw a write, the order puts this write before the client's later writes.
 *
 * @param propagates True if all four guarantees are checked together. A read that sees a write then also sees the
 * writes that monotonic-writes and writes-follow-reads put before this write.
 */
const session =
  (guarantees: ReadonlySet<(typeof GUARANTEES)[number]>, propagates: boolean): Rule =>
  (all, sources) => {
    const clients = relation(all, (a, b) => precedes(all, a, b))
    const writes = all.reduce((set, { isWrite }, n) => (isWrite ? set | bit(n) : set), 0n)
    const sees = all.map((_, n) => ((sources.get(n) ?? FIRST) === FIRST ? 0n : bit(sources.get(n) ?? FIRST)))
    /** Returns, for each access, the writes in `sees` of all earlier reads by the same client. */
    const seenBefore = (): Relation =>
      all.map((_, n) => sees.reduce((set, seen, at) => (seen !== 0n && isIn(clients[n], at) ? set | seen : set), 0n))
    // Repeats until no more writes become visible.
    for (let known = ''; known !== sees.join(); ) {
      known = sees.join()
      const seen = seenBefore()
      for (const [read, { isWrite }] of all.entries()) {
        if (isWrite) continue
        let set = sees[read] ?? 0n
        if (guarantees.has('read-your-writes')) set |= (clients[read] ?? 0n) & writes
        if (guarantees.has('monotonic-reads')) set |= seen[read] ?? 0n
        for (const n of propagates ? all.keys() : [])
          if (isIn(set, n)) set |= ((clients[n] ?? 0n) & writes) | (seen[n] ?? 0n)
        sees[read] = set
      }
    }
    // A read cannot see a later write.
    if (hasCycle(clients.map((before, n) => before | (sees[n] ?? 0n)))) return false
    const others = overwritten(all, sources, (read, write) => isIn(sees[read], write))
    if (others === undefined) return false
    const seen = seenBefore()
    const order = all.map(({ of, isWrite }, n) => {
      if (!isWrite) return 0n
      const own = (clients[n] ?? 0n) & writes
      const ownOfKey = all.reduce((set, each, at) => (each.of.key === of.key ? set | (own & bit(at)) : set), 0n)
      const before = guarantees.has('monotonic-writes') ? own : guarantees.has('read-your-writes') ? ownOfKey : 0n
      return before | (guarantees.has('writes-follow-reads') ? (seen[n] ?? 0n) & ~bit(n) : 0n)
    })
    for (const [write, source] of others) order[source] = (order[source] ?? 0n) | bit(write)
    return !hasCycle(order)
  }
