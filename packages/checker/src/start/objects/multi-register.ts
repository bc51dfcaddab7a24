import { type Registers, specificationFrom } from '../../models/multi-register.ts'
import type { AnyStart } from './any-start.ts'

const nothing: Registers = new Map()

/** A register's initial value is the one read before any write; no guess would be faster. */
export const multiRegisterFromAny: AnyStart = {
  specification: specificationFrom({ registers: nothing, rest: undefined }),
  guesses: () => ({ starts: [], isComplete: false }),
}
