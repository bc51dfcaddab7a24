import { findWorkload, register, type Workload } from '@chaosproxy/workloads'
import { describe, expect, test } from 'vitest'
import { beginningAs } from '../../src/plan/beginning.ts'

const counter = findWorkload('counter') as Workload
const where = 'routes.json'

const tickets: Workload = {
  ...register,
  name: 'tickets',
  model: { name: 'tickets', initial: 7, apply: (state) => [state], key: String },
}

describe('the initial value that a user declares', () => {
  test.each([
    ['decides over that of a workload', register, 2],
    ['may be unknown', counter, 'unknown'],
    ["may be that of the workload's model", tickets, 7],
  ] as const)('a run begins with the declared initial value, which %s', (_, workload, initial) => {
    expect(beginningAs(workload, { initial, where }).initial).toBe(initial)
  })

  test('a run begins with the initial value of its workload if the user declares none', () => {
    expect(beginningAs(counter, undefined).initial).toBe(0)
  })

  test('undeclared balances are unknown, because the service may hold other balances than the workload expects', () => {
    const bank = findWorkload('bank') as Workload
    expect(beginningAs(bank, { initial: undefined, where }).initial).toBe('unknown')
    expect(beginningAs(bank, { initial: { a: 5 }, where }).initial).toEqual({ a: 5 })
    expect(beginningAs(bank, undefined).initial).toBe(bank.initial)
    expect(beginningAs(counter, { initial: undefined, where }).initial).toBe(0)
  })

  test.each([
    [
      counter,
      /^routes\.json: "initial" does not suit the workload counter: the initial value of the counter is "x", which is not a number/,
    ],
    [
      tickets,
      /its model tickets has no function "from" to turn "x" into a state\. Add from\(value\) to the model\. You can also leave/,
    ],
  ])(
    'a declared initial value is refused with advice if the model of the workload does not accept it',
    (workload, message) => {
      expect(() => beginningAs(workload, { initial: 'x', where })).toThrow(message)
    },
  )
})
