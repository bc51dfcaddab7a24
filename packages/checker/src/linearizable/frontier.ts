import type { Budget, Progress } from '../budget.ts'
import { CAS, DIFFERS, type Encoded, READ, WRITE } from '../encoded.ts'
import { keepLeast, ones } from './beam.ts'
import { createFirings, type FiringPath } from './firings.ts'
import { createOpenOperations, eventsOf } from './open.ts'
import type { OptionalClass } from './optional.ts'
import { createSeen } from './seen.ts'

// A configuration's words: the state, the last firing that led to it, how many operations of unknown outcome fired, then
// two bits for each slot, then how many members of each class were used.
const STATE = 0
const NODE = 1
const COST = 2
const BITS = 3

/** A resumable walk over the events of one key. */
export interface Frontier {
  /** Goes on for about so many steps. Once it answered other than `paused` it must not be run again. */
  readonly run: (steps: number) => Progress
  /** After `met`: what fired. A class is stood for by its first member, however often it was used. */
  readonly path: () => FiringPath
  /** After `violated`: the return event of the first operation that could not be explained. */
  readonly culpritReturn: () => number
  /** Whether the beam was too narrow for all configurations. */
  readonly dropped: () => boolean
  readonly release: () => void
}

/** Where the walk may differ from the truth, and on which side. */
export interface Approximation {
  /** By class: 1 where its members are counted. The others can be used any number of times once one was called. */
  readonly counted: Uint8Array
  /** The most configurations that are kept from one return to the next. */
  readonly beam: number
}

/**
 * Just-in-time linearization (Lowe 2017): walk the events once with the set of all configurations that explain what was
 * seen so far, and let operations take effect ("fire") only when an operation that has not taken effect returns. For
 * registers with read, write, cas and failed cas as an observation, not append.
 *
 * What keeps the sets small:
 * - An observation that holds is taken at once.
 * - Before the operation that must fire, only those writes fire whose value somebody open is waiting for: any other could
 *   fire later, or be overwritten unseen.
 * - A write is "hideable" once it could have been put where nobody notices it: just before another write, or where the
 *   state was its value already. It costs nothing then to let it return unfired.
 * - Of writes of one value that are open together, the one that returns first fires first, those of unknown outcome last.
 * - A configuration is dropped when another one with the same state owes no more and has used up no more.
 *
 * Where some classes are not counted, `met` is certain only if the path needs no more of them than were called; where
 * the beam was too narrow (see `dropped`), `violated` says nothing.
 */
export function createFrontier(
  part: Encoded,
  classes: readonly OptionalClass[],
  { counted, beam }: Approximation,
  budget: Budget,
): Frontier {
  const { length, kind, expects, writes, returns, values } = part
  const open = createOpenOperations(part)
  const { slotOf, words, observers, casSlots, writeSlots, readers, writers, comparers, waiters } = open
  const { casAt, differing, differingFrom, firstWrite, nextWrite, awaited, written } = open
  const HIDDEN = BITS + words
  const COUNTS = HIDDEN + words
  // By class: the word where its members are counted, -1 where they are taken to be without number.
  let stride = COUNTS
  const countAt = classes.map((_, c) => (counted[c] === 1 ? stride++ : -1))
  const hasCas = part.hasConditional

  const classOf = new Int32Array(length).fill(-1)
  for (const [c, { members }] of classes.entries()) for (const member of members) classOf[member] = c
  const called = new Int32Array(classes.length)
  // By value: the class of writes of that value, -1 for none.
  const writeClass = new Int32Array(values).fill(-1)
  const casClasses: number[] = []
  // By value: the last round in which an optional cas waited for it.
  const wantedBy = new Int32Array(values)
  let round = 1
  for (const [c, each] of classes.entries()) {
    if (each.kind === CAS) casClasses.push(c)
    else writeClass[each.writes] = c
  }
  const casOldValues = [...new Set(casClasses.map((c) => classes[c].expects))]

  const events = eventsOf(part, (optional) => classOf[optional] !== -1)
  let at = 0
  let live = new Int32Array(64 * stride)
  let liveCount = 1
  live[STATE] = part.initial
  live[NODE] = -1
  let work: Int32Array<ArrayBuffer> = new Int32Array(64 * stride)
  let workCount = 0
  let returning = -1
  /** The configuration that is being expanded, and the one that is being made of it. */
  const origin = new Int32Array(stride)
  const scratch = new Int32Array(stride)
  const seen = createSeen(stride)
  let dropped = false
  const firings = createFirings(budget)
  let taken = 0
  let outOfMemory = false
  const take = (bytes: number): void => {
    if (budget.take(bytes)) taken += bytes
    else outOfMemory = true
  }
  take(open.bytes + 4 * (4 * length + 2 * values))

  const isOpen = (operation: number): boolean => {
    const slot = slotOf[operation]
    return (origin[BITS + (slot >> 5)] & (1 << (slot & 31))) === 0
  }

  const invoke = (operation: number): void => {
    const c = classOf[operation]
    if (c !== -1) {
      called[c]++
      return
    }
    open.add(operation)
    const word = slotOf[operation] >> 5
    const bit = 1 << (slotOf[operation] & 31)
    const k = kind[operation]
    const end = liveCount * stride
    if (k === READ) {
      for (let base = 0; base < end; base += stride) {
        if (live[base] === expects[operation]) live[base + BITS + word] |= bit
      }
    } else if (k === WRITE) {
      for (let base = 0; base < end; base += stride) {
        if (live[base] !== writes[operation]) live[base + HIDDEN + word] |= bit
      }
    } else if (k === DIFFERS) {
      for (let base = 0; base < end; base += stride) {
        if (live[base] !== expects[operation]) live[base + BITS + word] |= bit
      }
    }
  }

  /** Puts into `scratch` what becomes of a configuration when its state becomes `value`, before marking who did it. */
  const become = (value: number, byWrite: boolean): void => {
    scratch[STATE] = value
    scratch[NODE] = origin[NODE]
    scratch[COST] = origin[COST]
    for (let w = 0; w < words; w++) {
      let done = origin[BITS + w] | readers[value * words + w]
      if (differing[w] !== 0) done |= differing[w] & ~differingFrom[value * words + w]
      scratch[BITS + w] = done
      scratch[HIDDEN + w] = byWrite ? 0 : origin[HIDDEN + w] & ~writers[value * words + w]
    }
    for (let c = COUNTS; c < stride; c++) scratch[c] = origin[c]
  }

  /** The configuration in `scratch`, reached by firing `operation` (-1: by letting the returning one return unfired). */
  const reached = (operation: number): void => {
    if (returning !== -1) {
      const slot = slotOf[returning]
      const word = slot >> 5
      const bit = 1 << (slot & 31)
      const done =
        operation === returning || operation === -1 || (kind[returning] !== WRITE && (scratch[BITS + word] & bit) !== 0)
      if (done) {
        scratch[BITS + word] &= ~bit
        scratch[HIDDEN + word] &= ~bit
        if (keep() && operation !== -1) record(liveCount - 1, live, operation)
        return
      }
    }
    if (!seen.add(scratch)) return
    if ((workCount + 1) * stride > work.length) work = grown(work)
    work.set(scratch, workCount * stride)
    record(workCount++, work, operation)
  }

  const grown = (configurations: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> => {
    take(configurations.length * 4)
    const larger = new Int32Array(configurations.length * 2)
    larger.set(configurations)
    return larger
  }

  const record = (index: number, configurations: Int32Array, operation: number): void => {
    const base = index * stride
    const node = firings.add(configurations[base + NODE], operation, returns[returning])
    if (node === -1) outOfMemory = true
    configurations[base + NODE] = node
  }

  /** Adds `scratch` to the live ones unless one of them is as good; drops those it is as good as. */
  const keep = (): boolean => {
    let end = liveCount * stride
    for (let base = 0; base < end; base += stride) {
      if (live[base] !== scratch[STATE]) continue
      // Bits that speak against the live one being as good, and against the new one.
      let against = 0
      let againstNew = 0
      for (let w = 0; w < words; w++) {
        const done = live[base + BITS + w]
        const newDone = scratch[BITS + w]
        const unhideable = live[base + HIDDEN + w]
        const newUnhideable = scratch[HIDDEN + w]
        const differ = done ^ newDone
        const casDiffer = casSlots[w] & differ
        const writeDiffer = writeSlots[w] & (differ | (unhideable ^ newUnhideable))
        against |= (observers[w] & newDone & ~done) | casDiffer | (writeDiffer & (done | unhideable))
        againstNew |= (observers[w] & done & ~newDone) | casDiffer | (writeDiffer & (newDone | newUnhideable))
      }
      for (let c = COUNTS; c < stride; c++) {
        if (live[base + c] > scratch[c]) against = 1
        else if (live[base + c] < scratch[c]) againstNew = 1
      }
      if (live[base + COST] > scratch[COST]) against = 1
      else if (live[base + COST] < scratch[COST]) againstNew = 1
      if (against === 0) return false
      if (againstNew === 0) {
        end -= stride
        liveCount--
        live.copyWithin(base, end, end + stride)
        base -= stride
      }
    }
    if (end + stride > live.length) live = grown(live)
    live.set(scratch, end)
    liveCount++
    return true
  }

  const fireWrite = (operation: number): void => {
    become(writes[operation], true)
    const slot = slotOf[operation]
    scratch[BITS + (slot >> 5)] |= 1 << (slot & 31)
    reached(operation)
  }

  const fireCas = (operation: number): void => {
    become(writes[operation], false)
    const slot = slotOf[operation]
    scratch[BITS + (slot >> 5)] |= 1 << (slot & 31)
    reached(operation)
  }

  const fireOptional = (c: number): void => {
    const { kind: k, writes: value, members } = classes[c]
    become(value, k === WRITE)
    scratch[COST]++
    if (countAt[c] !== -1) scratch[countAt[c]]++
    // Which member it was is settled in the end.
    reached(members[0])
  }

  const hasOptional = (c: number): boolean => (countAt[c] === -1 ? 0 : origin[countAt[c]]) < called[c]

  /** Fires a write of that value, if there is one left. */
  const supply = (value: number): void => {
    for (let write = firstWrite[value]; write !== -1; write = nextWrite[write]) {
      // That one is seen to where it returns.
      if (write === returning) return
      if (!isOpen(write)) continue
      fireWrite(write)
      return
    }
    const c = writeClass[value]
    if (c !== -1 && hasOptional(c)) fireOptional(c)
  }

  /** Whether an open operation waits for the value in the configuration. */
  const isWanted = (value: number): boolean => {
    for (let w = 0; w < words; w++) {
      if ((waiters[value * words + w] & ~origin[BITS + w]) !== 0) return true
    }
    return wantedBy[value] === round
  }

  /** An optional cas waits for its old value only where its new value is wanted. */
  const findWantedByCas = (): void => {
    round++
    for (let changed = true; changed; ) {
      changed = false
      for (const c of casClasses) {
        const { expects: from, writes: to } = classes[c]
        if (wantedBy[from] === round || !hasOptional(c) || !isWanted(to)) continue
        wantedBy[from] = round
        changed = true
      }
    }
  }

  /** Whether a cas that does the same, and has not fired either, returns first. */
  const hasEarlierTwin = (cas: number): boolean => {
    const value = expects[cas]
    for (let w = 0; w < words; w++) {
      for (let left = comparers[value * words + w] & ~origin[BITS + w]; left !== 0; left &= left - 1) {
        const other = casAt[w * 32 + 31 - Math.clz32(left & -left)]
        if (writes[other] === writes[cas] && returns[other] < returns[cas]) return true
      }
    }
    return false
  }

  const expandCas = (wantsDifferent: boolean): void => {
    const state = origin[STATE]
    let possible = false
    for (let w = 0; w < words; w++) {
      for (let left = comparers[state * words + w] & ~origin[BITS + w]; left !== 0; left &= left - 1) {
        possible = true
        const cas = casAt[w * 32 + 31 - Math.clz32(left & -left)]
        if (!hasEarlierTwin(cas)) fireCas(cas)
      }
    }
    for (const c of casClasses) {
      const { expects: from, writes: to } = classes[c]
      if (from !== state || !hasOptional(c)) continue
      possible = true
      if (wantsDifferent || isWanted(to)) fireOptional(c)
    }
    if (!possible) return
    // A cas is about to follow, which hides nothing: a write of the state itself may hide what is open before it.
    for (let w = 0; w < words; w++) {
      if (origin[HIDDEN + w] !== 0) {
        supply(state)
        return
      }
    }
  }

  /** Fires whatever may fire next in the configuration on top of the stack, which is taken off. */
  const expand = (): void => {
    workCount--
    for (let i = 0, from = workCount * stride; i < stride; i++) origin[i] = work[from + i]
    const state = origin[STATE]
    if (kind[returning] === WRITE) {
      const slot = slotOf[returning]
      const word = slot >> 5
      const bit = 1 << (slot & 31)
      const value = writes[returning]
      if (((origin[HIDDEN + word] | origin[BITS + word]) & bit) === 0) {
        if (value !== state) {
          for (let i = 0; i < stride; i++) scratch[i] = origin[i]
          reached(-1)
        }
        // From here on it is marked, so that it is not let go again after more has fired: that could wait.
        origin[BITS + word] |= bit
      }
      become(value, true)
      scratch[BITS + word] |= bit
      reached(returning)
    }
    let wantsDifferent = false
    for (let w = 0; w < words; w++) if ((differing[w] & ~origin[BITS + w]) !== 0) wantsDifferent = true
    if (wantsDifferent) {
      for (let i = 0; i < written.size(); i++) {
        const value = written.at(i)
        if (value !== state) supply(value)
      }
      for (let c = 0; c < classes.length; c++) {
        const { kind: k, writes: value } = classes[c]
        if (k === WRITE && value !== state && hasOptional(c) && written.count(value) === 0) fireOptional(c)
      }
    } else {
      if (casClasses.length > 0) findWantedByCas()
      for (let i = 0; i < awaited.size(); i++) {
        const value = awaited.at(i)
        if (value !== state && isWanted(value)) supply(value)
      }
      for (const value of casOldValues) {
        if (value !== state && awaited.count(value) === 0 && wantedBy[value] === round) supply(value)
      }
    }
    if (hasCas) expandCas(wantsDifferent)
  }

  /** Begins the return of an operation: the configurations in which it has not taken effect are put on the stack. */
  const beginReturn = (operation: number): void => {
    const slot = slotOf[operation]
    const word = slot >> 5
    const bit = 1 << (slot & 31)
    returning = operation
    seen.clear()
    let end = liveCount * stride
    for (let base = 0; base < end; ) {
      if ((live[base + BITS + word] & bit) !== 0) {
        live[base + BITS + word] &= ~bit
        live[base + HIDDEN + word] &= ~bit
        base += stride
        continue
      }
      if ((workCount + 1) * stride > work.length) work = grown(work)
      work.set(live.subarray(base, base + stride), workCount * stride)
      workCount++
      end -= stride
      live.copyWithin(base, end, end + stride)
      liveCount--
    }
  }

  /** How much a configuration owes and has used up. */
  const scoreOf = (base: number): number => {
    let score = 2 * live[base + COST]
    for (let w = 0; w < words; w++) {
      const done = live[base + BITS + w]
      score += 2 * ones(observers[w] & ~done) + ones(casSlots[w] & ~done) + ones(writeSlots[w] & done)
      score += 2 * ones(live[base + HIDDEN + w])
    }
    return score
  }

  const narrow = (): void => {
    dropped = true
    const scores = new Int32Array(liveCount)
    for (let c = 0; c < liveCount; c++) scores[c] = scoreOf(c * stride)
    liveCount = keepLeast(live, stride, scores, beam)
  }

  const run = (steps: number): Progress => {
    let left = steps
    while (!outOfMemory) {
      if (returning !== -1) {
        while (workCount > 0 && left > 0 && !outOfMemory) {
          expand()
          // What is kept is compared with all that is live.
          left -= 1 + (liveCount >> 5)
        }
        if (outOfMemory) break
        if (workCount > 0) return 'paused'
        open.remove(returning)
        if (liveCount === 0) return 'violated'
        if (liveCount > beam) narrow()
        returning = -1
        at++
      }
      if (left <= 0) return 'paused'
      for (; at < events.length; at++) {
        const event = events[at]
        if (event >= 0) invoke(event)
        else {
          beginReturn(-event - 1)
          left--
          break
        }
      }
      if (at === events.length) return 'met'
    }
    return 'out of memory'
  }
  return {
    run,
    path: () => firings.path(live[NODE]),
    culpritReturn: () => returns[returning],
    dropped: () => dropped,
    release: () => {
      firings.release()
      budget.giveBack(taken)
    },
  }
}
