import { APPEND, CAS, DIFFERS, type Encoded, NEVER, NOTHING, READ } from '../../../encoding/encoded.ts'

/**
 * Operations of unknown outcome with the same effect. They have no return, so all that were called are interchangeable,
 * and a search only counts how many took effect.
 */
export interface OptionalClass {
  readonly kind: number
  readonly expects: number
  readonly writes: number
  /** The operations of the class, in order of call. */
  readonly members: readonly number[]
}

/**
 * Returns the classes of writes that can matter. A class can matter if an operation that returned later observed the
 * value of the writes. If the history has a failed cas, all classes can matter, because it may have observed any value
 * except one.
 */
export function optionalClasses(part: Encoded, expects: Int32Array, writes: Int32Array): readonly OptionalClass[] {
  const { length, kind, calls, returns } = part
  if (!returns.includes(NEVER)) return []
  const anyDiffers = kind.includes(DIFFERS)
  // By value: the latest return among the operations that observed it.
  const observedUntil = new Map<number, number>()
  for (let i = 0; i < length; i++) {
    if (expects[i] === NOTHING) continue
    const until = observedUntil.get(expects[i])
    if (until === undefined || returns[i] > until) observedUntil.set(expects[i], returns[i])
  }
  const classes = new Map<string, { kind: number; expects: number; writes: number; members: number[] }>()
  for (let i = 0; i < length; i++) {
    if (returns[i] !== NEVER || kind[i] === READ || kind[i] === DIFFERS) continue
    const matters =
      kind[i] === APPEND || part.hasAppend || anyDiffers || (observedUntil.get(writes[i]) ?? -1) > calls[i]
    if (!matters) continue
    const name = `${kind[i]} ${expects[i]} ${writes[i]}`
    const known = classes.get(name)
    if (known !== undefined) known.members.push(i)
    else
      classes.set(name, {
        kind: kind[i],
        expects: kind[i] === CAS ? expects[i] : NOTHING,
        writes: writes[i],
        members: [i],
      })
  }
  return [...classes.values()]
}

const NONE = -1

/** The operations of unknown outcome that can be used at one moment of a walk over the events. */
export interface OptionalOperations {
  readonly classes: readonly OptionalClass[]
  /** By operation: its class, or -1. */
  readonly classOf: Int32Array
  /** By index into `classes`: the number of members of the class that were called so far. */
  readonly called: Int32Array
  /** By value: the class of the writes of this value (see `OptionalClass`), or -1 if there is none. */
  readonly writeClass: Int32Array
  readonly writeClasses: readonly number[]
  readonly casClasses: readonly number[]
  /** The old values that the cas operations in `casClasses` expect, each once. */
  readonly casOldValues: readonly number[]
}

export function createOptionalOperations(
  classes: readonly OptionalClass[],
  { length, values }: { readonly length: number; readonly values: number },
): OptionalOperations {
  const classOf = new Int32Array(length).fill(NONE)
  const called = new Int32Array(classes.length)
  const writeClass = new Int32Array(values).fill(NONE)
  const writeClasses: number[] = []
  const casClasses: number[] = []
  for (const [c, { kind, writes, members }] of classes.entries()) {
    for (const member of members) classOf[member] = c
    if (kind === CAS) casClasses.push(c)
    else {
      writeClass[writes] = c
      writeClasses.push(c)
    }
  }
  return {
    classes,
    classOf,
    called,
    writeClass,
    writeClasses,
    casClasses,
    casOldValues: [...new Set(casClasses.map((c) => classes[c].expects))],
  }
}
