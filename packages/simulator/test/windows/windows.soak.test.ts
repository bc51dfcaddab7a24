import { expect, test } from 'vitest'
import { casPaxos } from './cas-paxos.ts'
import { leasedRegister } from './leased-register.ts'
import { foundIn } from './windows.ts'

test.each([
  ['leased-register', 'forget-grant', leasedRegister],
  ['leased-register', 'late-answer', leasedRegister],
  ['cas-paxos', 'forget-promise', casPaxos],
] as const)('%s is found with %s', (_, bug, protocol) => {
  expect(foundIn(protocol, bug, 6_000)).toMatchObject([{ kind: 'violation' }])
})
