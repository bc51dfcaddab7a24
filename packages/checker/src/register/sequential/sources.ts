import type { Encoded } from '../../encoding/encoded.ts'
import { type Threads, threadsOf } from '../../encoding/threads.ts'
import type { Budget } from '../../limits/budget.ts'
import { type Choices, choicesOf } from './choices.ts'
import { derive } from './derivation.ts'
import { INITIAL, NO_READ, type ReadsFrom } from './reads-from.ts'
import { type Saturation, saturate } from './saturation.ts'

/** The remaining possible sources of a read, likeliest first. */
type Candidates = readonly number[]

interface Guess {
  readonly candidates: Candidates[]
  readonly reads: readonly number[]
  readonly guessed: readonly number[]
}

export interface SourceOptions<Found> {
  /**
   * Whether to assume that a read sees only writes that are called before the read returns, because no store can read
   * future writes. Sources are then found sooner, but the answer `violated` proves nothing.
   */
  readonly physical: boolean
  /** The most saturations. */
  readonly saturations: number
  /** Called with a source for every read. Reports whether an order with these sources exists. */
  readonly confirm: (facts: ReadsFrom) => Found | 'violated' | 'stopped'
}

/**
 * The number of contradictions before the first restart. Each later restart waits for one contradiction more than the
 * previous one.
 */
const PATIENCE = 10
const RESTARTS = 200

/** The maximum number of sources guessed in one step. The number doubles while guesses hold. */
const MOST_AT_ONCE = 64

/**
 * Finds the source of each read of repeated values. For reads and writes only. The known sources force an order (see
 * `saturate`). If a read precedes a write in this order, the write cannot be its source. Neither can a write that is
 * overwritten before the read. When these rules exclude no more sources, the search guesses sources. A contradiction
 * undoes the last guess, and the search then prefers other sources. After some contradictions, the search restarts with
 * the affected reads first. The number of restarts is bounded, so the search ends.
 *
 * Returns the answer of `confirm` for the sources.
 *
 * @throws OutOfTime
 */
export function chooseSources<Found>(
  given: Encoded,
  options: SourceOptions<Found>,
  budget: Budget,
): Found | 'violated' | 'stopped' {
  const choices = choicesOf(given, budget)
  if (choices === undefined) return 'stopped'
  try {
    return chooseAmong(choices, options, budget)
  } finally {
    choices.release()
  }
}

interface Choosing {
  readonly choices: Choices
  readonly threads: Threads
  /** The facts so far. `writerOf` holds the sources of reads that have only one possible source. */
  readonly facts: ReadsFrom
  /** By read: the writes that it may have read from, before the search excludes any. */
  readonly all: readonly Candidates[]
  /** By operation, if it is a read: its index in `all` and `candidates`. */
  readonly numberOf: ReadonlyMap<number, number>
  candidates: Candidates[]
  /**
   * `weight`: by index of a read, the number of contradictions that involved the read. `conflicts`: by pair of a read
   * and a source (see `nameOf`), the number of contradictions in which the read had this source.
   */
  readonly weight: Int32Array
  readonly conflicts: Map<number, number>
  /** Remaining saturations. */
  turns: number
  isStopped: boolean
}

function chooseAmong<Found>(
  choices: Choices,
  { physical, saturations, confirm }: SourceOptions<Found>,
  budget: Budget,
): Found | 'violated' | 'stopped' {
  const choosing = begin(choices, physical, saturations, budget)
  for (let restart = 0; restart < RESTARTS; restart++) {
    const answer = attempt(choosing, PATIENCE + restart, confirm, budget)
    if (answer !== 'restart') return answer
  }
  const answer = attempt(choosing, Number.POSITIVE_INFINITY, confirm, budget)
  return answer === 'restart' ? 'stopped' : answer
}

function begin(choices: Choices, physical: boolean, saturations: number, budget: Budget): Choosing {
  const { reads, candidates, indices, encoded } = choices
  const { calls, returns, length } = encoded
  const all = candidates.map((sources, n) =>
    physical ? sources.filter((w) => w === INITIAL || calls[w] < returns[reads[n]]) : sources,
  )
  return {
    choices,
    threads: threadsOf(encoded, true, budget),
    facts: { result: 'unique', encoded, indices, writerOf: new Int32Array(length).fill(NO_READ) },
    all,
    numberOf: new Map(reads.map((read, n) => [read, n])),
    candidates: [],
    weight: new Int32Array(reads.length),
    conflicts: new Map(),
    turns: saturations,
    isStopped: false,
  }
}

/** Guesses sources until each read has one, or until `limit` contradictions. */
function attempt<Found>(
  choosing: Choosing,
  limit: number,
  confirm: SourceOptions<Found>['confirm'],
  budget: Budget,
): Found | 'violated' | 'stopped' | 'restart' {
  const guesses: Guess[] = []
  choosing.candidates = choosing.all.slice()
  let atOnce = 1
  let holds = propagate(choosing, budget)
  for (let conflicts = 0; conflicts < limit; ) {
    if (choosing.isStopped || budget.expired(choosing.all.length)) return 'stopped'
    if (holds) {
      const open = pick(choosing, atOnce)
      if (open.length > 0) {
        const guessed = open.map((n) => likeliest(choosing, n))
        guesses.push({ candidates: choosing.candidates.slice(), reads: open, guessed })
        for (const [i, n] of open.entries()) choosing.candidates[n] = [guessed[i]]
        atOnce = Math.min(2 * atOnce, MOST_AT_ONCE)
        holds = propagate(choosing, budget)
        continue
      }
      const found = confirm(choosing.facts)
      if (found !== 'violated') return found
    }
    conflicts++
    const last = guesses.pop()
    if (last === undefined) return 'violated'
    const [n] = last.reads
    const [source] = last.guessed
    const { candidates } = last
    choosing.candidates = candidates
    atOnce = 1
    // If several sources were guessed at once, at least one of them was wrong. They are guessed again one by one.
    holds = last.reads.length > 1
    if (holds) continue
    accuse(choosing, n, source)
    candidates[n] = candidates[n].filter((each) => each !== source)
    holds = propagate(choosing, budget)
  }
  return 'restart'
}

function propagate(choosing: Choosing, budget: Budget): boolean {
  const { choices, threads, facts, all, numberOf, candidates, weight } = choosing
  const { reads } = choices
  for (let changed = true; changed; ) {
    changed = false
    for (let n = 0; n < reads.length; n++)
      facts.writerOf[reads[n]] = candidates[n].length === 1 ? candidates[n][0] : NO_READ
    const saturated = choosing.turns-- <= 0 ? undefined : saturate(facts, budget, threads)
    if (saturated === undefined || saturated.result === 'stopped') {
      choosing.isStopped = true
      return false
    }
    const { saturation } = saturated
    saturation.release()
    if (saturated.result === 'conflict') {
      for (const operation of derive(saturation, saturated.conflict).involved) {
        const n = numberOf.get(operation)
        if (n !== undefined && all[n].length > 1) accuse(choosing, n, facts.writerOf[operation])
      }
      return false
    }
    for (let n = 0; n < reads.length; n++) {
      if (candidates[n].length === 1) continue
      const left = possibleAmong(candidates[n], reads[n], saturation)
      if (left.length === 0) {
        weight[n]++
        return false
      }
      if (left.length < candidates[n].length) changed = true
      candidates[n] = left
    }
  }
  return true
}

/**
 * Returns the reads to guess next: reads with few remaining sources and many contradictions (Boussemart et al., ECAI
 * 2004).
 */
function pick({ choices: { reads, encoded }, candidates, weight }: Choosing, most: number): number[] {
  const open: number[] = []
  for (let n = 0; n < reads.length; n++) if (candidates[n].length > 1) open.push(n)
  open.sort(
    (a, b) =>
      candidates[a].length / (1 + weight[a]) - candidates[b].length / (1 + weight[b]) ||
      encoded.returns[reads[a]] - encoded.returns[reads[b]],
  )
  return open.slice(0, most)
}

/** Returns the remaining source with the fewest contradictions. */
function likeliest(choosing: Choosing, n: number): number {
  const { candidates } = choosing
  let best = candidates[n][0]
  for (const source of candidates[n])
    if (conflictsOf(choosing, n, source) < conflictsOf(choosing, n, best)) best = source
  return best
}

function accuse(choosing: Choosing, n: number, source: number): void {
  choosing.weight[n]++
  choosing.conflicts.set(nameOf(choosing, n, source), conflictsOf(choosing, n, source) + 1)
}

const conflictsOf = (choosing: Choosing, n: number, source: number): number =>
  choosing.conflicts.get(nameOf(choosing, n, source)) ?? 0

const nameOf = ({ choices }: Choosing, n: number, source: number): number =>
  n * (choices.encoded.length + 1) + source + 1

/** Returns the sources of a read that the forced order still allows. */
function possibleAmong(
  sources: Candidates,
  read: number,
  { keyWrites, encoded, precedes, before }: Saturation,
): readonly number[] {
  // For each thread, the last write to the key that precedes the read. A source is overwritten if one of these writes
  // follows it. The thread's earlier writes need no check: if one of them follows the source, the last write follows
  // the source, too.
  const lasts: number[] = []
  const k = encoded.key[read]
  for (let list = keyWrites.first[k]; list < keyWrites.first[k + 1]; list++) {
    const at = keyWrites.seek(list, before(read, keyWrites.thread[list])) - 1
    if (at >= keyWrites.start[list]) lasts.push(keyWrites.writes[at])
  }
  const isOverwritten = (source: number): boolean =>
    source === INITIAL ? lasts.length > 0 : lasts.some((last) => last !== source && precedes(source, last))
  return sources.filter((source) => !isOverwritten(source) && (source === INITIAL || !precedes(read, source)))
}
