import { type Encoded, WRITE } from '../../../encoding/encoded.ts'
import type { OpenOperations } from '../open/open.ts'
import type { OptionalOperations } from '../open/optional.ts'
import type { Allowance } from './allowance.ts'
import type { Firings } from './firings.ts'
import { BITS, COST, type Frontline, type Layout, NODE, STATE } from './frontier-configurations.ts'
import { createSeen } from './seen.ts'

/** Computes the successors of the configurations when an operation returns. */
export interface FrontierExpansion {
  /** Begins to process an operation's return: collects the configurations in which the operation has no effect yet. */
  readonly begin: (operation: number) => void
  /** Expands collected configurations for about `steps` steps. Returns the steps left. */
  readonly run: (steps: number) => number
  readonly isDone: () => boolean
}

export function createFrontierExpansion(
  part: Encoded,
  open: OpenOperations,
  optional: OptionalOperations,
  { hidden, counts, stride, countAt }: Layout,
  line: Frontline,
  firings: Firings,
  allowance: Allowance,
): FrontierExpansion {
  const { kind, expects, writes, returns, values } = part
  const { slotOf, words, readers, writers, comparers, waiters } = open
  const { casAt, differing, differingFrom, firstWrite, nextWrite, awaited, written } = open
  const { classes, called, writeClass, writeClasses, casClasses, casOldValues } = optional
  const hasCas = part.hasConditional
  let work: Int32Array<ArrayBuffer> = new Int32Array(64 * stride)
  let workCount = 0
  let returning = -1
  /** The configuration being expanded, and the configuration being made from it. */
  const origin = new Int32Array(stride)
  const scratch = new Int32Array(stride)
  const seen = createSeen(stride)
  // By value: the last round that marked the value as wanted by a cas of unknown outcome. Such a cas can replace the
  // value by another wanted value.
  const wantedBy = new Int32Array(values)
  let round = 1

  const isOpen = (operation: number): boolean => {
    const slot = slotOf[operation]
    return (origin[BITS + (slot >> 5)] & (1 << (slot & 31))) === 0
  }

  /**
   * Builds in `scratch` the configuration that follows `origin` when the register becomes `value`. The caller must mark
   * the operation that fired.
   */
  const become = (value: number, byWrite: boolean): void => {
    scratch[STATE] = value
    scratch[NODE] = origin[NODE]
    scratch[COST] = origin[COST]
    for (let w = 0; w < words; w++) {
      let done = origin[BITS + w] | readers[value * words + w]
      if (differing[w] !== 0) done |= differing[w] & ~differingFrom[value * words + w]
      scratch[BITS + w] = done
      scratch[hidden + w] = byWrite ? 0 : origin[hidden + w] & ~writers[value * words + w]
    }
    for (let c = counts; c < stride; c++) scratch[c] = origin[c]
  }

  /**
   * Handles the new configuration in `scratch` during the return of the operation `returning`. `operation` fired (took
   * effect) last. It is -1 if none fired, because the write `returning` returns without effect.
   */
  const reached = (operation: number): void => {
    const slot = slotOf[returning]
    const word = slot >> 5
    const bit = 1 << (slot & 31)
    const done =
      operation === returning || operation === -1 || (kind[returning] !== WRITE && (scratch[BITS + word] & bit) !== 0)
    if (done) {
      scratch[BITS + word] &= ~bit
      scratch[hidden + word] &= ~bit
      if (line.keep(scratch) && operation !== -1) record(line.count - 1, line.words, operation)
      return
    }
    if (!seen.add(scratch)) return
    if ((workCount + 1) * stride > work.length) work = allowance.doubled(work)
    work.set(scratch, workCount * stride)
    record(workCount++, work, operation)
  }

  const record = (index: number, configurations: Int32Array, operation: number): void => {
    const base = index * stride
    const node = firings.add(configurations[base + NODE], operation, returns[returning])
    if (node === -1) allowance.exceed()
    configurations[base + NODE] = node
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
    // Records the first member of the class in place of the member that fires, which is chosen after the walk.
    reached(members[0])
  }

  const hasOptional = (c: number): boolean => (countAt[c] === -1 ? 0 : origin[countAt[c]]) < called[c]

  const supply = (value: number): void => {
    for (let write = firstWrite[value]; write !== -1; write = nextWrite[write]) {
      // `expand` itself fires `returning`, the write whose return is processed.
      if (write === returning) return
      if (!isOpen(write)) continue
      fireWrite(write)
      return
    }
    const c = writeClass[value]
    if (c !== -1 && hasOptional(c)) fireOptional(c)
  }

  const isWanted = (value: number): boolean => {
    for (let w = 0; w < words; w++) {
      if ((waiters[value * words + w] & ~origin[BITS + w]) !== 0) return true
    }
    return wantedBy[value] === round
  }

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

  /** Reports whether another open cas that has not taken effect has the same values and returns earlier. */
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
    // If some open write is not hideable (see `createFrontier`), tries a write of the current value before the cas.
    // This write does not change the state, but makes all open writes hideable. A cas does not make them hideable.
    for (let w = 0; w < words; w++) {
      if (origin[hidden + w] !== 0) {
        supply(state)
        return
      }
    }
  }

  /** Pops a configuration and fires each operation that may be next. */
  const expand = (): void => {
    workCount--
    for (let i = 0, from = workCount * stride; i < stride; i++) origin[i] = work[from + i]
    const state = origin[STATE]
    if (kind[returning] === WRITE) {
      const slot = slotOf[returning]
      const word = slot >> 5
      const bit = 1 << (slot & 31)
      const value = writes[returning]
      if (((origin[hidden + word] | origin[BITS + word]) & bit) === 0) {
        if (value !== state) {
          for (let i = 0; i < stride; i++) scratch[i] = origin[i]
          reached(-1)
        }
        // The configuration passed to `reached` above is the only one in which the write returns without effect. There,
        // no other operation needs to fire before this return, because each can also fire after the return. In all
        // configurations made below, the write fires before the return. Its bit is set, so that expanding them never
        // lets it return without effect.
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
      for (const c of writeClasses) {
        const value = classes[c].writes
        if (value !== state && hasOptional(c) && written.count(value) === 0) fireOptional(c)
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

  const begin = (operation: number): void => {
    const slot = slotOf[operation]
    const word = slot >> 5
    const bit = 1 << (slot & 31)
    returning = operation
    seen.clear()
    for (let base = 0; base < line.count * stride; ) {
      const { words: live } = line
      if ((live[base + BITS + word] & bit) !== 0) {
        live[base + BITS + word] &= ~bit
        live[base + hidden + word] &= ~bit
        base += stride
        continue
      }
      if ((workCount + 1) * stride > work.length) work = allowance.doubled(work)
      work.set(live.subarray(base, base + stride), workCount * stride)
      workCount++
      line.remove(base)
    }
  }

  return {
    begin,
    run: (steps) => {
      let left = steps
      while (workCount > 0 && left > 0 && !allowance.isExceeded()) {
        expand()
        // A step costs more with many live configurations, because each new configuration is compared with all of them.
        left -= 1 + (line.count >> 5)
      }
      return left
    },
    isDone: () => workCount === 0,
  }
}
