import type { AnyStart } from '../object/model/any-start.ts'
import { type Registers, specificationFrom } from './multi-register.ts'

const nothing: Registers = new Map()

/** A register's initial value is the one read before any write; no guess would be faster. */
export const multiRegisterFromAny: AnyStart = {
  specification: specificationFrom({ registers: nothing, rest: undefined }),
  guesses: () => ({ starts: [], isComplete: false }),
}
