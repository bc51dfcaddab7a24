import { expect, test } from 'vitest'
import { casPaxos } from './cas-paxos.ts'
import { leasedRegister } from './leased-register.ts'
import { foundIn } from './windows.ts'

test.each([
  [leasedRegister, 'forget-grant'],
  [leasedRegister, 'late-answer'],
  [casPaxos, 'forget-promise'],
] as const)('$0.name is caught with %s', (protocol, bug) => {
  expect(foundIn(protocol, bug, 6_000)).toMatchObject([{ kind: 'violation' }])
})
