import { describe, expect, test } from 'vitest'
import { casPaxos } from './cas-paxos.ts'
import { leasedRegister } from './leased-register.ts'
import { foundIn } from './windows.ts'

describe('where a mistake shows only within milliseconds between the timers or restarts of two nodes', () => {
  test.each([leasedRegister, casPaxos])('$name as it is has nothing to be found', (protocol) => {
    expect(foundIn(protocol, undefined, 80)).toEqual([])
  })

  test.each([
    [leasedRegister, 'forget-epoch'],
    [casPaxos, 'forget-accepted-ballot'],
  ] as const)('$0.name is caught with %s', (protocol, bug) => {
    expect(foundIn(protocol, bug, 1_000)).toMatchObject([{ kind: 'violation' }])
  })
})
