import { CAS, DIFFERS, type Encoded, READ, WRITE } from '../../../encoding/encoded.ts'
import type { Usage } from '../../../search/usage.ts'
import { type FewOpen, KINDS } from '../open/narrow-open.ts'
import type { OptionalOperations } from '../open/optional.ts'
import type { Allowance } from './allowance.ts'
import type { Firings } from './firings.ts'
import {
  type Configurations,
  createConfigurationSet,
  createConfigurations,
  DONE,
  HIDEABLE,
  NODE,
  push,
  STATE,
  USED,
  WORDS,
} from './narrow-configurations.ts'

const NONE = -1

/**
 * Computes the successors of a set of configurations when an operation returns. An operation "fires" when it takes
 * effect in the walk.
 */
export interface Expansion {
  /** The current configurations or, during a return, those in which the returning operation has taken effect. */
  readonly live: Configurations
  /** Begins to process an operation's return: collects the configurations in which the operation has no effect yet. */
  readonly begin: (operation: number) => void
  /** Expands collected configurations for about `steps` steps. Returns the steps left. */
  readonly run: (steps: number) => number
  readonly isDone: () => boolean
  readonly end: () => void
}

interface CountedOptional extends OptionalOperations {
  readonly usage: Usage
}

export function createExpansion(
  { kind, expects, writes, returns, values }: Encoded,
  open: FewOpen,
  { classes, called, usage, writeClass, writeClasses, casClasses, casOldValues }: CountedOptional,
  firings: Firings,
  allowance: Allowance,
): Expansion {
  const { bitOf, sets, masks } = open
  const live = createConfigurations()
  // The configurations in which the returning operation has not taken effect. The first `expanded` of them are already
  // expanded.
  const work = createConfigurationSet()
  let expanded = 0
  let returning = NONE
  let returningBit = 0
  let returningKind = READ
  /** The configuration that is being expanded: its last firing (see `Firings`) and its usage (see `Usage`). */
  let origin = NONE
  let used = 0
  const wantedBy = new Int32Array(casClasses.length > 0 ? values : 0)
  let round = 0

  const holding = (state: number): number =>
    masks[state * KINDS + READ] | (sets[DIFFERS] & ~masks[state * KINDS + DIFFERS])
  const writersOf = (value: number): number => masks[value * KINDS + WRITE]

  const fired = (operation: number): number => {
    const node = firings.add(origin, operation, returns[returning])
    if (node === NONE) allowance.exceed()
    return node
  }

  /**
   * Keeps a configuration unless a live configuration dominates it. Removes the live configurations that the new one
   * dominates. `operation` is the operation that just fired. It is -1 if no operation fired, because the returning
   * operation is a hideable write (see `createFrontier`) and returns without effect.
   */
  const keep = (state: number, done: number, hideable: number, nowUsed: number, operation: number): void => {
    const others = ~returningBit
    const held = holding(state)
    const unnoticed = writersOf(state)
    const ownDone = (done | held) & others
    const ownHideable = (hideable | unnoticed) & others
    const observing = (sets[READ] | sets[DIFFERS]) & others
    const comparing = sets[CAS]
    const writing = sets[WRITE] & others
    const { words } = live
    let count = live.count
    let end = count * WORDS
    for (let base = 0; base < end; base += WORDS) {
      if (words[base] !== state) continue
      const itsDone = (words[base + DONE] | held) & others
      const itsHideable = (words[base + HIDEABLE] | unnoticed) & others
      const itsUsed = words[base + USED]
      const differ = ownDone ^ itsDone
      const casDiffer = comparing & differ
      const writeDiffer = writing & (differ | (ownHideable ^ itsHideable))
      const against = (observing & ownDone & ~itsDone) | casDiffer | (writeDiffer & (itsDone | ~itsHideable))
      if (against === 0 && (itsUsed === nowUsed || usage.isAtMost(itsUsed, nowUsed))) {
        live.count = count
        return
      }
      const againstOwn = (observing & itsDone & ~ownDone) | casDiffer | (writeDiffer & (ownDone | ~ownHideable))
      if (againstOwn === 0 && (itsUsed === nowUsed || usage.isAtMost(nowUsed, itsUsed))) {
        count--
        end -= WORDS
        for (let word = 0; word < WORDS; word++) words[base + word] = words[end + word]
        base -= WORDS
      }
    }
    live.count = count
    push(live, allowance, state, ownDone, ownHideable, nowUsed, operation === NONE ? origin : fired(operation))
  }

  /** Adds a configuration to the configurations to be expanded, unless it is among them already. */
  const explore = (state: number, done: number, hideable: number, nowUsed: number, operation: number): void => {
    if (work.isNew(state, done, hideable, nowUsed))
      push(work.list, allowance, state, done, hideable, nowUsed, fired(operation))
  }

  /**
   * Handles the configuration after `operation` set the register to `value`. Explores it further unless the returning
   * operation has taken effect.
   */
  const reach = (value: number, done: number, hideable: number, nowUsed: number, operation: number): void => {
    const isSatisfied = operation === returning || (holding(value) & returningBit) !== 0
    if (isSatisfied) keep(value, done, hideable, nowUsed, operation)
    else explore(value, done, hideable, nowUsed, operation)
  }

  /** Reports whether an operation of the class has been called and is not used yet. */
  const isLeft = (c: number): boolean => usage.count(used, c) < called[c]

  /** Fires the first unused member of a class; all are equivalent. */
  const fireOptional = (c: number, done: number, hideable: number): void => {
    const after = usage.after(used, c)
    const member = classes[c].members[usage.count(used, c)]
    if (after === NONE) allowance.exceed()
    else reach(classes[c].writes, done, classes[c].kind === WRITE ? sets[WRITE] : hideable, after, member)
  }

  /** Fires the open write of `value` that returns first or, if there is none, a write of `value` of unknown outcome. */
  const supply = (value: number, done: number): void => {
    const set = writersOf(value)
    if ((set & returningBit) !== 0) return
    let first = NONE
    for (let left = set & ~done; left !== 0; left &= left - 1) {
      const write = open.least(left)
      if (first === NONE || returns[write] < returns[first]) first = write
    }
    if (first !== NONE) {
      reach(value, done | bitOf[first], sets[WRITE], used, first)
      return
    }
    const c = writeClass[value]
    if (c !== NONE && isLeft(c)) fireOptional(c, done, 0)
  }

  const isWanted = (value: number, done: number): boolean =>
    ((masks[value * KINDS + READ] | masks[value * KINDS + CAS]) & ~done) !== 0 || wantedBy[value] === round

  /**
   * Marks in `wantedBy` the old value of each useful cas of unknown outcome. A cas is useful if an open read or cas
   * waits for its new value, or if its new value is the old value of another useful cas. A cas can take effect only
   * while the register has its old value.
   */
  const findWantedByCas = (done: number): void => {
    round++
    for (let changed = true; changed; ) {
      changed = false
      for (let at = 0; at < casClasses.length; at++) {
        const c = casClasses[at]
        const { expects: from, writes: to } = classes[c]
        if (wantedBy[from] === round || !isWanted(to, done) || !isLeft(c)) continue
        wantedBy[from] = round
        changed = true
      }
    }
  }

  /** Fires one write of each value that a read or a cas waits for. Omits the value that the register already has. */
  const supplyAwaited = (state: number, done: number): void => {
    let awaited = (sets[READ] | sets[CAS]) & ~done
    while (awaited !== 0) {
      const value = expects[open.least(awaited)]
      awaited &= ~(masks[value * KINDS + READ] | masks[value * KINDS + CAS])
      if (value !== state) supply(value, done)
    }
    if (casClasses.length === 0) return
    findWantedByCas(done)
    for (const value of casOldValues) {
      const isAwaited = ((masks[value * KINDS + READ] | masks[value * KINDS + CAS]) & ~done) !== 0
      if (value !== state && !isAwaited && wantedBy[value] === round) supply(value, done)
    }
  }

  /**
   * For each value other than `state`, fires one write of the value, if there is one (see `supply`). Called if an open
   * `DIFFERS` (failed cas) has not taken effect, because the `DIFFERS` requires a state other than `state`.
   */
  const supplyDifferent = (state: number, done: number): void => {
    for (let left = sets[WRITE] & ~done; left !== 0; ) {
      const value = writes[open.least(left)]
      left &= ~writersOf(value)
      if (value !== state) supply(value, done)
    }
    for (const c of writeClasses) {
      const value = classes[c].writes
      if (value !== state && (writersOf(value) & ~done) === 0) supply(value, done)
    }
  }

  const expandCas = (state: number, done: number, hideable: number, wantsDifferent: boolean): void => {
    const waiting = masks[state * KINDS + CAS] & ~done
    let isPossible = waiting !== 0
    for (let left = waiting; left !== 0; left &= left - 1) {
      const cas = open.least(left)
      let hasEarlierTwin = false
      for (let rest = waiting; rest !== 0; rest &= rest - 1) {
        const other = open.least(rest)
        if (writes[other] === writes[cas] && returns[other] < returns[cas]) hasEarlierTwin = true
      }
      if (!hasEarlierTwin) reach(writes[cas], done | bitOf[cas], hideable, used, cas)
    }
    for (let at = 0; at < casClasses.length; at++) {
      const c = casClasses[at]
      if (classes[c].expects !== state || !isLeft(c)) continue
      isPossible = true
      if (wantsDifferent || isWanted(classes[c].writes, done)) fireOptional(c, done, hideable)
    }
    // If some open write is not hideable (see `createFrontier`), tries a write of the current value before the cas.
    // This write does not change the state, but makes all open writes hideable. A cas does not make them hideable.
    if (isPossible && (sets[WRITE] & ~hideable) !== 0) supply(state, done)
  }

  /** Fires each operation that may be next in a configuration. */
  const expand = (base: number): void => {
    const { words } = work.list
    const state = words[base + STATE]
    let done = words[base + DONE] | holding(state)
    const hideable = words[base + HIDEABLE] | writersOf(state)
    origin = words[base + NODE]
    used = words[base + USED]
    if (returningKind === WRITE) {
      const value = writes[returning]
      if ((hideable & ~done & returningBit) !== 0) {
        if (value !== state) keep(state, done, hideable, used, NONE)
        // The configuration passed to `keep` above is the only one in which the write returns without effect (see
        // `createFrontier`). There, no other operation needs to fire before this return, because each can also fire
        // after the return. In all configurations made below, the write fires before the return. Its bit is set, so
        // that expanding them never lets it return without effect.
        done |= returningBit
      }
      keep(value, done | returningBit, sets[WRITE], used, returning)
    }
    const wantsDifferent = (sets[DIFFERS] & ~done) !== 0
    if (wantsDifferent) supplyDifferent(state, done)
    else supplyAwaited(state, done)
    if (sets[CAS] !== 0 || casClasses.length > 0) expandCas(state, done, hideable, wantsDifferent)
  }

  return {
    live,
    begin: (operation) => {
      returning = operation
      returningBit = bitOf[operation]
      returningKind = kind[operation]
      const { words } = live
      const end = live.count * WORDS
      let count = 0
      let kept = 0
      for (let base = 0; base < end; base += WORDS) {
        const state = words[base]
        const done = words[base + DONE]
        const hideable = words[base + HIDEABLE]
        if (((done | holding(state)) & returningBit) === 0) {
          push(work.list, allowance, state, done, hideable, words[base + USED], words[base + NODE])
          continue
        }
        words[kept] = state
        words[kept + DONE] = done & ~returningBit
        words[kept + HIDEABLE] = hideable & ~returningBit
        words[kept + USED] = words[base + USED]
        words[kept + NODE] = words[base + NODE]
        kept += WORDS
        count++
      }
      live.count = count
    },
    run: (steps) => {
      let left = steps
      for (; expanded < work.list.count && left > 0; expanded++) {
        expand(expanded * WORDS)
        // A step costs more with many live configurations, because each new configuration is compared with all of them.
        left -= 1 + (live.count >> 5)
      }
      return left
    },
    isDone: () => expanded === work.list.count,
    end: () => {
      returning = NONE
      returningBit = 0
      expanded = 0
      work.clear()
    },
  }
}
