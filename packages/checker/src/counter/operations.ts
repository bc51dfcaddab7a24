import { type Json, UserError } from '@chaosproxy/history'
import { type ObjectOperation, WrongValue } from '../judge/model.ts'
import { decimal } from '../object/model/decimal.ts'

export const ADD = 0
export const READ = 1
const SUBTRACT = 2

export const counterNumbers: { readonly [f: string]: number } = {
  add: ADD,
  increment: ADD,
  inc: ADD,
  subtract: SUBTRACT,
  decrement: SUBTRACT,
  dec: SUBTRACT,
  read: READ,
}

export function startOf(initial: Json): number {
  if (initial === null) return 0
  if (typeof initial !== 'number') {
    throw new UserError(
      'usage',
      `the initial value of the counter is ${JSON.stringify(initial)}, which is not a number. Give a number, e.g. 0.`,
    )
  }
  return decimal(initial)
}

export const amountOf = ({ f, value }: Pick<ObjectOperation, 'f' | 'value'>): number => {
  const amount = value ?? 1
  if (typeof amount !== 'number') throw new WrongValue(`an amount must be a number, not ${JSON.stringify(amount)}`)
  return f === 'add' || f.startsWith('inc') ? amount : -amount
}

/** The tolerance for sums of fractions, which are not exact. */
export const SLACK = 1e-6
