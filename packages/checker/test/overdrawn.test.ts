import { historyFromEvents } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { checkHistory } from './checking.ts'

test('a read of an overdrawn account is told as that', () => {
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
