import { findProtocol } from '@chaosproxy/protocols'
import { register } from '@chaosproxy/workloads'
import { describe, expect, test } from 'vitest'
import type { SearchedProtocol } from '../../src/index.ts'
import { timesOf } from '../../src/search/times.ts'
import { casPaxos } from './cas-paxos.ts'
import { leasedRegister, slowlyLeasedRegister } from './leased-register.ts'
import { relay } from './relay.ts'
import { foundIn } from './windows.ts'

describe('where a mistake shows only within milliseconds between the timers or restarts of two nodes', () => {
  test.each([leasedRegister, slowlyLeasedRegister, casPaxos, relay])(
    '$name as it is has nothing to be found',
    (protocol) => {
      expect(foundIn(protocol, undefined, 80)).toEqual([])
      expect(foundIn(protocol, undefined, 80, 'expiries')).toEqual([])
    },
  )

  test.each([
    { protocol: leasedRegister, bug: 'forget-epoch' },
    { protocol: casPaxos, bug: 'forget-accepted-ballot' },
    { protocol: relay, bug: 'forget-answers' },
    { protocol: relay, bug: 'forward-refusal' },
  ] as const)('$protocol.name with $bug is caught', ({ protocol, bug }) => {
    expect(foundIn(protocol, bug, 1_000)).toMatchObject([{ kind: 'violation' }])
  })

  test('a lease of a second that is counted from the answer is caught around the time at which it runs out', () => {
    expect(foundIn(slowlyLeasedRegister, 'late-answer', 1_000, 'expiries')).toMatchObject([{ kind: 'violation' }])
  })
})

describe('a run without clients shows how long things take in a protocol:', () => {
  const learned = (protocol: SearchedProtocol['protocol']) =>
    timesOf(
      { protocol, workload: register, knobs: {}, nodes: undefined, bug: undefined } as unknown as SearchedProtocol,
      {},
    )

  test('the length of a lease from how long another node takes to lead once its holder is cut off', () => {
    expect(learned(leasedRegister).takeoverMs).toBeGreaterThan(60)
    expect(learned(leasedRegister).takeoverMs).toBeLessThan(150)
    expect(learned(slowlyLeasedRegister).takeoverMs).toBeGreaterThan(1_000)
  })

  test('the delays of timers from what they are set to', () => {
    expect(learned(leasedRegister).timersMs).toEqual([10])
    expect(learned(findProtocol('raft')!).timersMs).toEqual(expect.arrayContaining([50, 250, 500]))
  })

  test('no takeover where nobody leads, or everybody does', () => {
    expect(learned(findProtocol('master-master')!).takeoverMs).toBeUndefined()
    expect(learned(findProtocol('quorum')!).takeoverMs).toBeUndefined()
  })
})
