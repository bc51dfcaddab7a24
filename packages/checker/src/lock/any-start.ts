import type { Specification } from '../judge/model.ts'
import { type AnyStart, guessNothing } from '../object/model/any-start.ts'
import { lockNumbers, RELEASE } from './lock.ts'

interface Lock {
  /** Undefined if it is free; null if unknown. */
  readonly holder: string | undefined | null
  readonly token: number | undefined
}

/** The process that releases it first held it; if it is acquired first, it was free. */
const specification: Specification<Lock> = {
  initial: { holder: null, token: undefined },
  perProcess: true,
  step: ({ holder, token }, { f, process, value, output }) => {
    if (lockNumbers[f] === RELEASE) {
      return holder === process || holder === null ? [{ holder: undefined, token }] : []
    }
    if (typeof holder === 'string') return []
    if (typeof output !== 'number' || output === value) return [{ holder: process, token }]
    return token === undefined || output > token ? [{ holder: process, token: output }] : []
  },
  key: ({ holder, token }) => `${holder === null ? '?' : holder === undefined ? '' : `by ${holder}`}:${token ?? ''}`,
}

export const lockFromAny: AnyStart = { specification, guesses: guessNothing }
