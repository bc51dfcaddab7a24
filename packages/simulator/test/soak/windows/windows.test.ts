import { expect, test } from 'vitest'
import { casPaxos } from '../../windows/cas-paxos.ts'
import { leasedRegister } from '../../windows/leased-register.ts'
import { foundIn } from '../../windows/windows.ts'

test.each([
  ['leased-register', 'forget-grant', leasedRegister],
  ['leased-register', 'late-answer', leasedRegister],
  ['cas-paxos', 'forget-promise', casPaxos],
] as const)('a search finds a violation of %s with the bug %s', (_, bug, protocol) => {
  expect(foundIn(protocol, bug, 6_000)).toMatchObject([{ kind: 'violation' }])
})
