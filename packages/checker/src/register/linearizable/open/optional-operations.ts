import { CAS } from '../../../encoding/encoded.ts'
import type { OptionalClass } from './optional.ts'

const NONE = -1

/** The operations of unknown outcome at one moment of a walk over the events. */
export interface OptionalOperations {
  readonly classes: readonly OptionalClass[]
  /** By operation: its class, -1 for none. */
  readonly classOf: Int32Array
  /** By class: the number of its members called. */
  readonly called: Int32Array
  /** By value: the class of writes of that value, -1 for none. */
  readonly writeClass: Int32Array
  readonly writeClasses: readonly number[]
  readonly casClasses: readonly number[]
  /** The old values that these compare with. */
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
