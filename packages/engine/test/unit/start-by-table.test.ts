import { parseRouteTable } from '@chaosproxy/recorder/routes'
import { findWorkload, register, type Workload } from '@chaosproxy/workloads'
import { describe, expect, test } from 'vitest'
import { startingByTable } from '../../src/worlds/start-by-table.ts'

const counter = findWorkload('counter') as Workload
const file = 'routes.json'
const routes = [{ request: 'GET /kv/{key}', f: 'read', result: 'json.value' }]

function begun(workload: Workload, members: object): unknown {
  const table = parseRouteTable({ routes, ...members }, file)
  return startingByTable(workload, { table, file }).initial
}

const tickets: Workload = {
  ...register,
  name: 'tickets',
  model: { name: 'tickets', initial: 7, apply: (state) => [state], key: String },
}

describe('the initial value of a route table', () => {
  test.each([
    ['decides over that of a workload', register, { initial: { value: 2 } }, 2],
    ['is the one of the workload where it is left out', counter, {}, 0],
    ['may be unknown', counter, { initial: 'unknown' }, 'unknown'],
    ['is unknown where it is to be read from a real service', register, { initial: 'read', keys: ['x'] }, 'unknown'],
    ["may be that of the workload's model", tickets, { initial: { value: 7 } }, 7],
  ] as const)('%s', (_, workload, members, initial) => {
    expect(begun(workload, members)).toBe(initial)
  })

  test.each([
    [
      counter,
      /^routes\.json: "initial" does not suit the workload counter: the initial value of the counter is "x", which is not a number/,
    ],
    [
      tickets,
      /its model tickets has no "from", which makes its state of "x"\. Add from\(value\) to the model\. Or leave/,
    ],
  ])('is refused where the model cannot begin with it', (workload, message) => {
    expect(() => begun(workload, { initial: { value: 'x' } })).toThrow(message)
  })
})
