import { functionOf, type History, inputOf, isObject, type Json } from '@chaosproxy/history'
import type { OperationRow } from '../encoding/operation-row.ts'
import { type ObjectOperation, WrongValue } from '../judge/model.ts'
import { decimal } from '../object/model/decimal.ts'

/** What an operation moves: to or from which accounts, and the id under which it is made once. */
export interface Moved {
  readonly moves: readonly (readonly [account: string, amount: number])[]
  readonly id: string | undefined
}

/** @throws WrongValue */
export function movesOf({ f, value }: Pick<ObjectOperation, 'f' | 'value'>): Moved {
  const said = isObject(value) ? value : {}
  const amount = said['amount']
  const accounts = f === 'transfer' ? [said['from'], said['to']] : [said['account']]
  const isComplete = accounts.every((account) => typeof account === 'string' || typeof account === 'number')
  if (typeof amount !== 'number' || amount < 0 || !isComplete) {
    const wanted = f === 'transfer' ? '{"from":"a","to":"b","amount":5}' : '{"account":"a","amount":5}'
    throw new WrongValue(`a ${f} has a value such as ${wanted}`)
  }
  const [first, second] = accounts.map(String)
  const id = said['id'] === undefined ? undefined : JSON.stringify(said['id'])
  const moves = f === 'deposit' ? [[first, amount] as const] : [[first, -amount] as const]
  return { moves: f === 'transfer' ? [...moves, [second, amount] as const] : moves, id }
}

/** What an operation of a history moves: nothing if it is a read. @throws WrongValue */
export const movedBy = (history: History, row: OperationRow): Moved =>
  functionOf(history, row) === 'read'
    ? { moves: [], id: undefined }
    : movesOf({ f: functionOf(history, row), value: inputOf(history, row) })

/** What all of these do to an account. */
export const changeOf = (moves: Moved['moves'], account: string): number =>
  moves.reduce((sum, [of, amount]) => (of === account ? decimal(sum + amount) : sum), 0)

/** The numbers of an object by name, as a read of accounts returns them; undefined for anything but an object. */
export function amountsIn(value: Json | undefined): Map<string, number> | undefined {
  if (!isObject(value)) return undefined
  return new Map(Object.entries(value).filter((entry): entry is [string, number] => typeof entry[1] === 'number'))
}

/** The same if all that it holds are numbers. */
export function balancesIn(value: Json | undefined): Map<string, number> | undefined {
  const amounts = amountsIn(value)
  return amounts?.size === Object.keys(value ?? {}).length ? amounts : undefined
}
