import type { Json } from '@chaosproxy/history'
import { type Op, respectsClients } from './brute-force.ts'

// Defines the levels below sequential consistency, and decides them by trying all orders, for histories of a few reads
// and writes. Shares no code with the checker.

/** A relation between operations, by their indices in the list. */
type Relation = readonly (readonly boolean[])[]

export interface Tried {
  readonly causal: boolean
  /**
   * Undefined if values repeat and no order was found. Only minimal causal orders were tried, and a larger one might
   * explain the reads.
   */
  readonly 'causal-memory': boolean | undefined
  readonly 'causal-convergence': boolean
  readonly pram: boolean
  readonly session: boolean
  readonly 'read-your-writes': boolean
  readonly 'monotonic-reads': boolean
  readonly 'monotonic-writes': boolean
  readonly 'writes-follow-reads': boolean
}

export function tryAll(ops: readonly Op[], initial: Json): Tried {
  const value = (json: Json): Json => (json === null ? initial : json)
  const isWrite = (i: number): boolean => ops[i]!.f === 'write'
  const all = ops.map((_, i) => i)
  // An operation of unknown outcome may not have happened, so nothing is required of it.
  const completed = all.filter((i) => ops[i]!.completed)
  const reads = all.filter((i) => !isWrite(i))
  const writes = all.filter(isWrite)
  const written = (i: number): Json => value(ops[i]!.input)
  const returned = (i: number): Json => value(ops[i]!.output)
  const inClient = relation((a, b) => respectsClients(ops[a]!, ops[b]!))

  function relation(holds: (a: number, b: number) => boolean): Relation {
    return all.map((a) => all.map((b) => holds(a, b)))
  }
  function closure(given: Relation): Relation {
    const to = given.map((row) => [...row])
    for (const via of all) for (const a of all) if (to[a]![via]) for (const b of all) if (to[via]![b]) to[a]![b] = true
    return to
  }
  const isAcyclic = (given: Relation): boolean => closure(given).every((row, i) => !row[i])

  /** Reports whether some order of the operations extends `before` and explains what the visible reads returned. */
  function hasOrder(
    some: readonly number[],
    before: Relation,
    visible: (read: number) => boolean,
    optional: (i: number) => boolean,
  ): boolean {
    const state = new Map<string, Json>()
    const placed = new Set<number>()
    const go = (): boolean => {
      const next = some.filter((i) => !placed.has(i) && some.every((j) => placed.has(j) || !before[j]![i]))
      if (some.every((i) => placed.has(i) || optional(i))) return true
      for (const i of next) {
        const key = ops[i]!.key
        const now = state.has(key) ? state.get(key)! : initial
        if (!isWrite(i) && visible(i) && returned(i) !== now) continue
        placed.add(i)
        if (isWrite(i)) state.set(key, written(i))
        if (go()) return true
        state.set(key, now)
        placed.delete(i)
        // A read changes nothing, so placing it first is as good as placing it later. No alternative is tried.
        if (!isWrite(i)) return false
      }
      return false
    }
    return go()
  }

  /**
   * PRAM (Lipton & Sandberg 1988): for each completed operation, some order of all writes, of this operation and of the
   * operations before it in its client explains the reads of this client. Every completed operation is tried, because a
   * client whose operations overlap has several last operations.
   */
  const pram = completed.every((last) => {
    const own = (i: number): boolean => i === last || inClient[i]![last]!
    return hasOrder(
      all.filter((i) => isWrite(i) || own(i)),
      inClient,
      own,
      (i) => !ops[i]!.completed,
    )
  })

  // For each read, the writes that it may have seen; -1 stands for the initial value.
  const sources = reads.map((read) => {
    const seen = writes.filter((w) => ops[w]!.key === ops[read]!.key && written(w) === returned(read))
    return returned(read) === initial ? [...seen, -1] : seen
  })
  const found = {
    causal: false,
    memory: false,
    convergence: false,
    session: false,
    ryw: false,
    mr: false,
    mw: false,
    wfr: false,
  }
  const source = new Map<number, number>()
  const chooseFrom = (n: number): void => {
    if (n < reads.length) {
      for (const each of sources[n]!) {
        source.set(reads[n]!, each)
        chooseFrom(n + 1)
      }
      return
    }
    const order = closure(relation((a, b) => inClient[a]![b]! || source.get(b) === a))
    if (!isAcyclic(order)) return
    found.causal ||= isCausal(order, (read, o) => read === o)
    found.memory ||= isCausal(order, (read, o) => read === o || inClient[read]![o]!)
    found.convergence ||= isConvergent(order)
    found.ryw ||= isGuaranteed({ ryw: true })
    found.mr ||= isGuaranteed({ mr: true })
    found.mw ||= isGuaranteed({ mw: true })
    found.wfr ||= isGuaranteed({ wfr: true })
    found.session ||= isGuaranteed({ ryw: true, mr: true, mw: true, wfr: true, propagates: true })
  }

  /**
   * Causal memory (Bouajjani et al. 2017): the past of each operation has an order that explains the reads that are
   * visible to the operation.
   */
  function isCausal(order: Relation, visible: (read: number, o: number) => boolean): boolean {
    return completed.every((o) => {
      const past = all.filter((i) => i === o || order[i]![o])
      return hasOrder(
        past,
        order,
        (read) => visible(read, o),
        () => false,
      )
    })
  }

  /**
   * Reports whether some order of the writes agrees with the causal order and explains each read: the read returned the
   * last of the writes to its key that causally precede it.
   */
  function isConvergent(order: Relation): boolean {
    return permutations(writes).some((arbitration) => {
      const rank = (i: number): number => arbitration.indexOf(i)
      const follows = arbitration.every((b, at) => arbitration.slice(0, at).every((a) => !order[b]![a]))
      return follows && reads.every((read) => lastSeen(read, (w) => order[w]![read]!, rank))
    })
  }

  function lastSeen(read: number, sees: (write: number) => boolean, rank: (write: number) => number): boolean {
    const seen = writes.filter((w) => ops[w]!.key === ops[read]!.key && sees(w)).sort((a, b) => rank(a) - rank(b))
    return seen.length === 0 ? returned(read) === initial : written(seen.at(-1)!) === returned(read)
  }

  interface Guarantees {
    readonly ryw?: true
    readonly mr?: true
    readonly mw?: true
    readonly wfr?: true
    /**
     * Whether `mw` and `wfr` also apply to what reads see, as in Terry et al. 1994: a read that sees a write also sees
     * every write that these guarantees place before it.
     */
    readonly propagates?: true
  }

  /**
   * Reports whether these guarantees hold (Viotti & Vukolić 2016). Computes the smallest visibility that the guarantees
   * and the sources of the reads require, and tries every order of the writes.
   */
  function isGuaranteed({ ryw, mr, mw, wfr, propagates }: Guarantees): boolean {
    const sees = all.map((a) => all.map((b) => source.get(b) === a))
    for (let changed = true; changed; ) {
      changed = false
      const add = (write: number, read: number): void => {
        if (sees[write]![read]) return
        sees[write]![read] = true
        changed = true
      }
      for (const w of writes) {
        for (const r of reads) {
          if (ryw && inClient[w]![r]) add(w, r)
          if (mr && reads.some((b) => inClient[b]![r] && sees[w]![b])) add(w, r)
          if (mw && propagates && writes.some((c) => inClient[w]![c] && sees[c]![r])) add(w, r)
          if (wfr && propagates && reads.some((b) => sees[w]![b] && writes.some((c) => inClient[b]![c] && sees[c]![r])))
            add(w, r)
        }
      }
    }
    if (!isAcyclic(relation((a, b) => inClient[a]![b]! || sees[a]![b]!))) return false
    return permutations(writes).some((arbitration) => {
      const rank = (i: number): number => arbitration.indexOf(i)
      for (const a of writes) {
        for (const c of writes) {
          if (mw && inClient[a]![c] && rank(a) > rank(c)) return false
          // Read your writes: a client's writes to one key keep the order in which the client made them.
          if (ryw && inClient[a]![c] && ops[a]!.key === ops[c]!.key && rank(a) > rank(c)) return false
          if (wfr && a !== c && rank(a) > rank(c) && reads.some((b) => sees[a]![b] && inClient[b]![c])) return false
        }
      }
      return reads.every((read) => lastSeen(read, (w) => sees[w]![read]!, rank))
    })
  }

  chooseFrom(0)
  const distinct = sources.every((each) => each.length < 2)
  return {
    causal: found.causal,
    'causal-memory': found.memory || distinct || !found.causal || !pram ? found.memory : undefined,
    'causal-convergence': found.convergence,
    pram,
    session: found.session,
    'read-your-writes': found.ryw,
    'monotonic-reads': found.mr,
    'monotonic-writes': found.mw,
    'writes-follow-reads': found.wfr,
  }
}

const known: number[][][] = []

/** All orders of the items. */
function permutations(items: readonly number[]): readonly (readonly number[])[] {
  known[items.length] ??= permute(items.map((_, i) => i))
  return known[items.length]!.map((order) => order.map((i) => items[i]!))
}

const permute = (items: readonly number[]): number[][] =>
  items.length === 0
    ? [[]]
    : items.flatMap((item) => permute(items.filter((other) => other !== item)).map((rest) => [item, ...rest]))
