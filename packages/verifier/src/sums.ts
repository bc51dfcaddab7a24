import { type Operation, textOf } from './history.ts'
import { type Amounts, everything, type Model, type Objects, objectsOf, type Part, type Views } from './model.ts'
import { unknownFunction } from './objects.ts'
import { isObject, type Json, refuse, Undecided } from './proof.ts'
import { isBefore } from './replay.ts'

/** Larger doubles cannot represent nine decimal places. */
const MOST_WITH_PLACES = 1_000_000

/** Adds decimals of up to nine places. @throws Undecided if the sum is not exact. */
function plus(one: number, other: number): number {
  const sum = one + other
  if ([one, other, sum].every(Number.isSafeInteger)) return sum
  if ([one, other, sum].every((each) => Math.abs(each) < MOST_WITH_PLACES)) return Number(sum.toFixed(9))
  throw new Undecided(`the sum of ${one} and ${other} cannot be represented exactly`)
}

function amount(json: Json | undefined): number {
  if (typeof json !== 'number') return refuse(`${json} is not an amount`)
  if (plus(json, 0) !== json) throw new Undecided(`the amount ${json} has more than nine decimal places`)
  return json
}

/** Returns the amounts in a value: the balances of a bank, or the number of a counter. */
const amountsOf = (json: Json): Amounts =>
  isObject(json)
    ? new Map(Object.entries(json).map(([account, sum]) => [textOf(account), amount(sum ?? 0)]))
    : new Map([['', amount(json ?? 0)]])

const SIGNS: ReadonlyMap<string, number> = new Map(
  Object.entries({ add: 1, increment: 1, inc: 1, subtract: -1, decrement: -1, dec: -1 }),
)

/** A number with additions and reads; an omitted amount is one. */
export const counter: Model = {
  family: 'sums',
  view(operation, { initial = 0 }) {
    const { f, outcome, input, answer = null } = operation
    if (f === 'read') return outcome === 'ok' ? [{ kind: 'sums', amounts: amountsOf(answer ?? initial) }] : []
    const sign = SIGNS.get(f) ?? unknownFunction(operation)
    if (outcome === 'fail') return []
    return [{ kind: 'move', amounts: new Map([['', sign * amount(input ?? 1)]]), id: undefined }]
  },
  start: (initial) => accounts(initial, Number.NEGATIVE_INFINITY),
}

/**
 * Accounts with transfers, deposits and withdrawals (`move`), none of which may make a balance negative. Of moves with
 * equal ids, only one takes effect. A transfer from an account to itself needs no money.
 */
export const bank: Model = {
  family: 'sums',
  view(operation) {
    const { f, outcome, input, answer = null, line } = operation
    if (f === 'read' && outcome === 'ok' && !isObject(answer))
      return refuse(`line ${line}: a read must return balances`)
    if (f === 'read') return outcome === 'ok' ? [{ kind: 'sums', amounts: amountsOf(answer) }] : []
    if (f !== 'transfer' && f !== 'deposit' && f !== 'withdraw') return unknownFunction(operation)
    if (outcome === 'fail') return []
    const { amount: sum, from, to, account = null, id } = isObject(input) ? input : {}
    const [by, names] = [amount(sum), f === 'transfer' ? [from, to] : [account]]
    if (by < 0 || names.some((name) => typeof name !== 'string' && typeof name !== 'number'))
      return refuse(`line ${line}: a ${f} must name an account and an amount`)
    const amounts = new Map<string, number>()
    for (const [n, name] of names.map((each) => textOf(String(each))).entries())
      amounts.set(name, (amounts.get(name) ?? 0) + (n === 1 || f === 'deposit' ? by : -by))
    return [{ kind: 'move', amounts, id: id === undefined ? undefined : textOf(id) }]
  },
  start: (initial, counts) => accounts(initial, counts === everything ? 0 : Number.NEGATIVE_INFINITY),
}

const accounts = (initial: () => Json, least: number): Objects =>
  objectsOf(
    () => ({ sums: Object.fromEntries(amountsOf(initial())), done: [] as string[] }),
    ({ sums, done }, action) => {
      if (action.kind === 'sums')
        return [...Object.keys(sums), ...action.amounts.keys()].every(
          (account) => (action.amounts.get(account) ?? 0) === (sums[account] ?? 0),
        )
      if (action.kind !== 'move') return false
      if (action.id !== undefined && done.includes(action.id)) return true
      if (action.id !== undefined) done.push(action.id)
      for (const [account, sum] of action.amounts) sums[account] = plus(sums[account] ?? 0, sum)
      return [...action.amounts.keys()].every((account) => (sums[account] ?? 0) >= least)
    },
  )

/**
 * Refutes a core of reads of a counter or a bank, together with all additions of the key. Compares each read with
 * earlier reads and with the initial amounts. For each account and for the total, the difference must be a possible sum
 * of the additions. Returns the number of pairs examined.
 *
 * @throws Refused if all differences are possible.
 */
export function refuteSums(initial: Json, core: readonly Part[], views: Views): number {
  const start: Read = { operation: undefined, amounts: amountsOf(initial) }
  const reads = core.flatMap(({ operation, action }): readonly Read[] =>
    action.kind === 'sums' ? [{ operation, amounts: action.amounts }] : [],
  )
  const moves = [...views].flatMap(([operation, [action]]) =>
    action?.kind === 'move' ? [{ ...action, operation }] : [],
  )
  const timesOf = new Map<string | undefined, number>()
  for (const { id } of moves) timesOf.set(id, (timesOf.get(id) ?? 0) + 1)
  const total = (amounts: Amounts): number => [...amounts.values()].reduce((sum, each) => plus(sum, each), 0)
  const accountsOf = new Set([start, ...reads].flatMap(({ amounts }) => [...amounts.keys()]))
  const sizes = [total, ...[...accountsOf].map((account) => (amounts: Amounts) => amounts.get(account) ?? 0)]
  let tried = 0
  for (const size of sizes) {
    for (const from of [start, ...reads]) {
      for (const to of reads) {
        if (to.operation === undefined || (from.operation && !isBefore('real time', from.operation, to.operation)))
          continue
        tried++
        let [least, most] = [0, 0]
        for (const { operation, amounts, id } of moves) {
          if (operation.line > to.operation.return || operation.return < (from.operation?.line ?? 0)) continue
          const isSure = operation.outcome === 'ok' && (id === undefined || timesOf.get(id) === 1)
          const isBetween = operation.line > (from.operation?.return ?? 0) && operation.return < to.operation.line
          least = plus(least, isSure && isBetween ? size(amounts) : Math.min(0, size(amounts)))
          most = plus(most, isSure && isBetween ? size(amounts) : Math.max(0, size(amounts)))
        }
        const by = plus(size(to.amounts), -size(from.amounts))
        if (by < least || by > most) return tried
      }
    }
  }
  return refuse('the changes in the history can give each sum that the core read')
}

interface Read {
  readonly operation: Operation | undefined
  readonly amounts: Amounts
}
