import { type Input, isObject, type Json } from '@chaosproxy/history'
import type { Returned } from './answers.ts'
import type { Money } from './story.ts'

/** Formats a request: `write order "sent"`, `change balance $10→$0`, `read balance`. */
export function requestWords(input: Input, money?: Money): string {
  const { f, key, value } = input
  const name = key === undefined ? f : `${f} ${key}`
  if (f === 'cas' && Array.isArray(value)) return `change ${changeWords(input, money)}`
  return value === null ? name : `${name} ${valueWords(value, money)}`
}

/** Formats a request as the label of an arrow in a drawing: `balance $10→$0` for a compare-and-set. */
export const callWords = (input: Input, money?: Money): string =>
  input.f === 'cas' && Array.isArray(input.value) ? changeWords(input, money) : requestWords(input, money)

const changeWords = ({ key = '', value }: Input, money?: Money): string =>
  `${key} ${[value]
    .flat()
    .map((part) => valueWords(part ?? null, money))
    .join('→')}`.trim()

/** Formats an answer: `60`, `ok`, `refused`, `no answer`. */
export function answerWords(
  { value: requested }: Input,
  { type, value }: Pick<Returned, 'type' | 'value'>,
  money?: Money,
): string {
  if (type === 'fail') return 'refused'
  if (type === 'info') return 'no answer'
  return requested === null ? valueWords(value, money) : 'ok'
}

/** Formats a value. With `money`, numbers are amounts: `$10.50`, `a $600 · b $1,400`. */
export function valueWords(value: Json, money?: Money): string {
  if (value === null) return 'nothing'
  if (typeof value === 'string') return value
  return money === undefined ? JSON.stringify(value) : moneyWords(value, money)
}

function moneyWords(value: Json, money: Money): string {
  if (typeof value === 'number') return amountWords(value, money)
  if (!isObject(value)) return JSON.stringify(value)
  const { from, to, amount, id } = value
  if (typeof from === 'string' && typeof to === 'string' && typeof amount === 'number')
    return `${amountWords(amount, money)} from ${from} to ${to}${typeof id === 'string' ? ` (${id})` : ''}`
  return Object.entries(value)
    .map(([name, part]) => `${name} ${valueWords(part, money)}`)
    .join(' · ')
}

function amountWords(amount: number, money: Money): string {
  const dollars = Math.abs(money === 'cents' ? amount / 100 : amount)
  const text = dollars.toLocaleString('en-US', Number.isInteger(dollars) ? {} : { minimumFractionDigits: 2 })
  return `${amount < 0 ? '−' : ''}$${text}`
}
