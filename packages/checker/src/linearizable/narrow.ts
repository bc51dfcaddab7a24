import type { Budget, Progress } from '../budget.ts'
import { CAS, DIFFERS, type Encoded, READ, WRITE } from '../encoded.ts'
import { ones } from './beam.ts'
import { eventsByPosition, fewAreOpen } from './events.ts'
import { createFirings, orderFromFirings } from './firings.ts'
import { createFewOpen, KINDS, MOST_OPEN } from './narrow-open.ts'
import { optionalClasses } from './optional.ts'
import type { Search } from './search.ts'

// A configuration's words: the state, which operations took effect, which writes are hideable, the last firing. In the
// list of those put off: also the event before which it stood.
const STATE = 0
const DONE = 1
const HIDEABLE = 2
const NODE = 3
const WORDS = 4

/** How many configurations are followed at first; the others are put off until these have come to nothing. */
const BEAM = 4
export const EVERY: number = Number.POSITIVE_INFINITY

/** Returns and expansions without getting further, after which none is put off any more. */
const STRAY_STEPS = 1024

/**
 * The frontier search (see `createFrontier`, whose rules these are) for the most frequent case: at most 32 operations
 * open at once, none of unknown outcome that matters, no append. A configuration is four words then, and what a call
 * means is settled without walking through them: an observation that holds in the state, or a write of that very value, is
 * marked in a configuration when its state is left.
 *
 * At first only a few configurations are followed, and the others come back when these have come to nothing: where there
 * are many ways to explain a history, one is enough. Where there is none, or it is hard to find, all are followed: from the
 * beginning if `followed` says so.
 *
 * Undefined where the case is another.
 */
export function createNarrowFrontier(part: Encoded, budget: Budget, followed: number = BEAM): Search | undefined {
  if (part.hasAppend || optionalClasses(part, part.expects, part.writes).length > 0) return undefined
  const { kind, expects, writes, returns, values } = part
  const events = eventsByPosition(part)
  if (!fewAreOpen(events, MOST_OPEN)) return undefined
  const bytes = 4 * (events.length + part.length + 4 * values)
  const affordable = budget.take(bytes)
  const firings = createFirings(budget)
  const open = createFewOpen(part)
  const { bitOf, sets, masks } = open

  let live = new Int32Array(64 * WORDS)
  let liveCount = 1
  // Those in which the operation that returns has not taken effect; the first `expanded` of them are done with.
  let work = new Int32Array(64 * WORDS)
  let workCount = 0
  let expanded = 0
  // A hash table of `work`: `stamp` + index, less than `stamp` where there is nothing.
  let seen = new Int32Array(256)
  let stamp = 1
  let beam = followed
  let putOff = new Int32Array(64 * (WORDS + 1))
  let putOffCount = 0

  let at = 0
  let furthest = -1
  let strayed = 0
  let returning = -1
  let returningBit = 0
  let returningKind = READ
  /** The last firing before the one at hand. */
  let origin = -1
  let taken = 0
  let outOfMemory = !affordable

  const begin = (): void => {
    live[STATE] = part.initial
    live[DONE] = 0
    live[HIDEABLE] = 0
    live[NODE] = -1
    liveCount = 1
  }

  const grown = (words: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> => {
    if (budget.take(words.length * 4)) taken += words.length * 4
    else outOfMemory = true
    const larger = new Int32Array(words.length * 2)
    larger.set(words)
    return larger
  }

  /** The open observations that hold in a state. */
  const holding = (state: number): number =>
    masks[state * KINDS + READ] | (sets[DIFFERS] & ~masks[state * KINDS + DIFFERS])
  const writersOf = (value: number): number => masks[value * KINDS + WRITE]

  const fired = (operation: number): number => {
    const node = firings.add(origin, operation, returns[returning])
    if (node === -1) outOfMemory = true
    return node
  }

  /**
   * Adds a configuration in which the returning operation has taken effect (by firing `operation`; -1: it was let go) to
   * the live ones unless one of them is as good; drops those it is as good as.
   */
  const keep = (state: number, done: number, hideable: number, operation: number): void => {
    const others = ~returningBit
    const held = holding(state)
    const unnoticed = writersOf(state)
    const ownDone = (done | held) & others
    const ownHideable = (hideable | unnoticed) & others
    const observing = (sets[READ] | sets[DIFFERS]) & others
    const comparing = sets[CAS]
    const writing = sets[WRITE] & others
    let end = liveCount * WORDS
    for (let base = 0; base < end; base += WORDS) {
      if (live[base] !== state) continue
      const itsDone = (live[base + DONE] | held) & others
      const itsHideable = (live[base + HIDEABLE] | unnoticed) & others
      const differ = ownDone ^ itsDone
      const casDiffer = comparing & differ
      const writeDiffer = writing & (differ | (ownHideable ^ itsHideable))
      if (((observing & ownDone & ~itsDone) | casDiffer | (writeDiffer & (itsDone | ~itsHideable))) === 0) return
      if (((observing & itsDone & ~ownDone) | casDiffer | (writeDiffer & (ownDone | ~ownHideable))) === 0) {
        end -= WORDS
        liveCount--
        for (let word = 0; word < WORDS; word++) live[base + word] = live[end + word]
        base -= WORDS
      }
    }
    if (end === live.length) live = grown(live)
    live[end] = state
    live[end + DONE] = ownDone
    live[end + HIDEABLE] = ownHideable
    live[end + NODE] = operation === -1 ? origin : fired(operation)
    liveCount++
  }

  /** Adds a configuration to those that are to be expanded, unless it is there already. */
  const explore = (state: number, done: number, hideable: number, operation: number): void => {
    if (4 * workCount > seen.length) rehash()
    let place = placeOf(state, done, hideable)
    for (; seen[place] >= stamp; place = (place + 1) & (seen.length - 1)) {
      const base = (seen[place] - stamp) * WORDS
      if (work[base] === state && work[base + DONE] === done && work[base + HIDEABLE] === hideable) return
    }
    seen[place] = stamp + workCount
    push(state, done, hideable, fired(operation))
  }
  const push = (state: number, done: number, hideable: number, node: number): void => {
    const base = workCount++ * WORDS
    if (base === work.length) work = grown(work)
    work[base] = state
    work[base + DONE] = done
    work[base + HIDEABLE] = hideable
    work[base + NODE] = node
  }
  const placeOf = (state: number, done: number, hideable: number): number => {
    const h = Math.imul(Math.imul(state, 0x9e3779b1) ^ Math.imul(done, 0x85ebca6b) ^ hideable, 0xc2b2ae35)
    return (h ^ (h >>> 16)) & (seen.length - 1)
  }
  const rehash = (): void => {
    seen = new Int32Array(seen.length * 2)
    stamp = 1
    for (let index = 0; index < workCount; index++) {
      const base = index * WORDS
      let place = placeOf(work[base], work[base + DONE], work[base + HIDEABLE])
      while (seen[place] !== 0) place = (place + 1) & (seen.length - 1)
      seen[place] = stamp + index
    }
  }

  /** The state becomes `value`, as the operation fires: the returning one has taken effect then, or not yet. */
  const reach = (value: number, done: number, hideable: number, operation: number): void => {
    const isSatisfied = operation === returning || (holding(value) & returningBit) !== 0
    if (isSatisfied) keep(value, done, hideable, operation)
    else explore(value, done, hideable, operation)
  }

  /** Fires a write of that value, if there is one left: the one that returns first. */
  const supply = (value: number, done: number): void => {
    const set = writersOf(value)
    // The returning one is seen to where it returns.
    if ((set & returningBit) !== 0) return
    let first = -1
    for (let left = set & ~done; left !== 0; left &= left - 1) {
      const write = open.least(left)
      if (first === -1 || returns[write] < returns[first]) first = write
    }
    if (first !== -1) reach(value, done | bitOf[first], sets[WRITE], first)
  }

  const expandCas = (state: number, done: number, hideable: number): void => {
    const possible = masks[state * KINDS + CAS] & ~done
    if (possible === 0) return
    for (let left = possible; left !== 0; left &= left - 1) {
      const cas = open.least(left)
      let hasEarlierTwin = false
      for (let rest = possible; rest !== 0; rest &= rest - 1) {
        const other = open.least(rest)
        if (writes[other] === writes[cas] && returns[other] < returns[cas]) hasEarlierTwin = true
      }
      if (!hasEarlierTwin) reach(writes[cas], done | bitOf[cas], hideable, cas)
    }
    // A cas is about to follow, which hides nothing: a write of the state itself may hide what is open before it.
    if ((sets[WRITE] & ~hideable) !== 0) supply(state, done)
  }

  /** Fires whatever may fire next in a configuration in which the returning operation has not taken effect. */
  const expand = (base: number): void => {
    const state = work[base]
    let done = work[base + DONE] | holding(state)
    const hideable = work[base + HIDEABLE] | writersOf(state)
    origin = work[base + NODE]
    if (returningKind === WRITE) {
      const value = writes[returning]
      if ((hideable & ~done & returningBit) !== 0) {
        if (value !== state) keep(state, done, hideable, -1)
        // From here on it is marked, so that it is not let go again after more has fired: that could wait.
        done |= returningBit
      }
      keep(value, done | returningBit, sets[WRITE], returning)
    }
    if ((sets[DIFFERS] & ~done) !== 0) {
      for (let left = sets[WRITE] & ~done; left !== 0; ) {
        const value = writes[open.least(left)]
        left &= ~writersOf(value)
        if (value !== state) supply(value, done)
      }
    } else {
      for (let left = (sets[READ] | sets[CAS]) & ~done; left !== 0; ) {
        const value = expects[open.least(left)]
        left &= ~(masks[value * KINDS + READ] | masks[value * KINDS + CAS])
        if (value !== state) supply(value, done)
      }
    }
    if (sets[CAS] !== 0) expandCas(state, done, hideable)
  }

  /** Begins the return of an operation: the configurations in which it has not taken effect are to be expanded. */
  const beginReturn = (operation: number): void => {
    returning = operation
    returningBit = bitOf[operation]
    returningKind = kind[operation]
    let kept = 0
    for (let base = 0; base < liveCount * WORDS; base += WORDS) {
      const state = live[base]
      const done = live[base + DONE]
      if (((done | holding(state)) & returningBit) !== 0) {
        live[kept] = state
        live[kept + DONE] = done & ~returningBit
        live[kept + HIDEABLE] = live[base + HIDEABLE] & ~returningBit
        live[kept + NODE] = live[base + NODE]
        kept += WORDS
      } else {
        push(state, done, live[base + HIDEABLE], live[base + NODE])
      }
    }
    liveCount = kept / WORDS
  }

  const forgetWork = (): void => {
    returning = -1
    returningBit = 0
    stamp += workCount
    workCount = 0
    expanded = 0
    if (stamp < LAST_STAMP) return
    stamp = 1
    seen.fill(0)
  }

  /** How much a configuration owes and has used up. */
  const scoreOf = (base: number): number => {
    const done = live[base + DONE] | holding(live[base])
    const unhideable = sets[WRITE] & ~(live[base + HIDEABLE] | writersOf(live[base]))
    return (
      2 * ones((sets[READ] | sets[DIFFERS]) & ~done) +
      ones(sets[CAS] & ~done) +
      ones(sets[WRITE] & done) +
      2 * ones(unhideable)
    )
  }

  /** Puts off all but the best, the worst first. */
  const narrow = (): void => {
    const scores = Array.from({ length: liveCount }, (_, c) => scoreOf(c * WORDS))
    const ranked = scores.map((_, c) => c).sort((a, b) => scores[a] - scores[b])
    const all = live.slice(0, liveCount * WORDS)
    for (let rank = liveCount - 1; rank >= 0; rank--) {
      const from = ranked[rank] * WORDS
      if (rank < beam) {
        for (let word = 0; word < WORDS; word++) live[rank * WORDS + word] = all[from + word]
        continue
      }
      const to = putOffCount++ * (WORDS + 1)
      if (to === putOff.length) putOff = grown(putOff)
      for (let word = 0; word < WORDS; word++) putOff[to + word] = all[from + word]
      putOff[to + WORDS] = at
    }
    liveCount = beam
  }

  /** Undoes the events from `position` on. */
  const rewind = (position: number): void => {
    forgetWork()
    while (at > position) {
      const event = events[--at]
      if (event > 0) open.remove(event - 1)
      else if (event < 0) open.restore(-event - 1)
    }
  }

  /** Where nothing is live: goes back to what was put off last, or gives up putting off; false where nothing was. */
  const comeBack = (): boolean => {
    if (putOffCount === 0) return false
    if (strayed > STRAY_STEPS) {
      beam = EVERY
      putOffCount = 0
      rewind(0)
      begin()
      return true
    }
    const from = --putOffCount * (WORDS + 1)
    rewind(putOff[from + WORDS])
    for (let word = 0; word < WORDS; word++) live[word] = putOff[from + word]
    liveCount = 1
    return true
  }

  const run = (steps: number): Progress => {
    for (let left = steps; !outOfMemory; ) {
      if (returning !== -1) {
        const before = left
        for (; expanded < workCount && left > 0; expanded++) {
          expand(expanded * WORDS)
          // What is kept is compared with all that is live.
          left -= 1 + (liveCount >> 5)
        }
        strayed += before - left
        if (outOfMemory) break
        if (expanded < workCount) return 'paused'
        if (liveCount === 0) {
          if (comeBack()) continue
          return 'violated'
        }
        open.remove(returning)
        forgetWork()
        at++
        if (liveCount > beam) narrow()
      }
      if (left <= 0) return 'paused'
      for (; at < events.length; at++) {
        const event = events[at]
        if (event > 0) open.add(event - 1)
        else if (event < 0) {
          if (at > furthest) {
            furthest = at
            strayed = 0
          }
          beginReturn(-event - 1)
          left--
          break
        }
      }
      if (at === events.length) return 'met'
    }
    return 'out of memory'
  }

  begin()
  return {
    run,
    order: () => orderFromFirings(part, firings.path(live[NODE])),
    culpritReturn: () => furthest,
    release: () => {
      firings.release()
      budget.giveBack(taken + (affordable ? bytes : 0))
    },
  }
}

const LAST_STAMP = 0x40000000
