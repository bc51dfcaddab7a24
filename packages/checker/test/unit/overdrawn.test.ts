import { historyFromEvents } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { checkHistory } from '../checking.ts'

test('a counterexample reports a negative balance as an overdraft', () => {
  const transfer = { from: 'a', to: 'b', amount: 7 }
  const history = historyFromEvents([
    { process: 0, type: 'invoke', f: 'transfer', value: { ...transfer, id: '1' } },
    { process: 0, type: 'ok', f: 'transfer', value: { ...transfer, id: '1' } },
    { process: 2, type: 'invoke', f: 'read', value: null },
    { process: 2, type: 'ok', f: 'read', value: { a: -4, b: 14 } },
  ])
  const { linearizable } = checkHistory(history, { model: 'bank', initial: { a: 10, b: 0 } }).levels
  if (linearizable.result !== 'violated') throw new Error('overdrawn, and not seen')
  expect(linearizable.counterexample.sentence).toContain('where a is overdrawn by 4')
})

test('a counterexample names the account that two nodes overdraw together, its balance and the amounts spent', () => {
  const transfer = (amount: number, id: number) => ({ from: 'a', to: 'b', amount, id })
  const history = historyFromEvents([
    { process: 0, type: 'invoke', f: 'transfer', value: transfer(8, 1), node: 'n1' },
    { process: 1, type: 'invoke', f: 'transfer', value: transfer(6, 2), node: 'n2' },
    { process: 0, type: 'ok', f: 'transfer', value: transfer(8, 1), node: 'n1' },
    { process: 1, type: 'ok', f: 'transfer', value: transfer(6, 2), node: 'n2' },
  ])
  const { linearizable } = checkHistory(history, { model: 'bank', initial: { a: 10, b: 0 } }).levels
  if (linearizable.result !== 'violated') throw new Error('overdrawn, and not seen')
  expect(linearizable.counterexample.sentence).toContain(
    'Account a opened with 10, received at most 0, and spent 14 in 2 acknowledged operations (8 at n1, 6 at n2): that leaves -4.',
  )
})

test('a counterexample names no overdraft if a deposit that returned before the transfers covers them', () => {
  const transfer = (id: number) => ({ from: 'a', to: 'b', amount: 60, id })
  const history = historyFromEvents([
    { process: 0, type: 'invoke', f: 'transfer', value: transfer(1) },
    { process: 1, type: 'invoke', f: 'transfer', value: transfer(2) },
    { process: 2, type: 'invoke', f: 'read', value: null },
    { process: 2, type: 'ok', f: 'read', value: { a: 100, b: 7 } },
    { process: 3, type: 'invoke', f: 'deposit', value: { account: 'a', amount: 50 } },
    { process: 3, type: 'ok', f: 'deposit', value: { account: 'a', amount: 50 } },
    { process: 0, type: 'ok', f: 'transfer', value: transfer(1) },
    { process: 1, type: 'ok', f: 'transfer', value: transfer(2) },
  ])
  const { linearizable } = checkHistory(history, { model: 'bank', initial: { a: 100, b: 0 } }).levels
  if (linearizable.result !== 'violated') throw new Error('an impossible read, and not seen')
  expect(linearizable.counterexample.operations.map(({ operation }) => operation)).toContain(2)
  expect(linearizable.counterexample.sentence).not.toMatch(/that leaves/)
})
