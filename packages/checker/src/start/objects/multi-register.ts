import { type Registers, specificationFrom } from '../../models/multi-register.ts'
import type { AnyStart } from './any-start.ts'

const nothing: Registers = new Map()

/** What a register held is what was read before anybody wrote to it; there is no guess that would be quicker to try. */
export const multiRegisterFromAny: AnyStart = {
  specification: specificationFrom({ registers: nothing, rest: undefined }),
  guesses: () => ({ starts: [], isComplete: false }),
}
