import { findProtocol } from '@chaosproxy/protocols'
import { register } from '@chaosproxy/workloads'
import { describe, expect, test } from 'vitest'
import type { SearchedProtocol } from '../../../src/index.ts'
import { timesOf } from '../../../src/search/times.ts'
import { casPaxos } from '../../windows/cas-paxos.ts'
import { leasedRegister, slowlyLeasedRegister } from '../../windows/leased-register.ts'
import { relay } from '../../windows/relay.ts'
import { foundIn } from '../../windows/windows.ts'

describe('a bug that shows only within milliseconds of a timer or a restart', () => {
  test.each([leasedRegister, slowlyLeasedRegister, casPaxos, relay])(
    'a search in $name for bugs that show only within milliseconds finds nothing if none is planted',
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
  ] as const)(
    'a bug that shows only within milliseconds is found in $protocol.name if $bug is planted',
    ({ protocol, bug }) => {
      expect(foundIn(protocol, bug, 1_000)).toMatchObject([{ kind: 'violation' }])
    },
  )

  test('the strategy "expiries" finds a bug that shows only within milliseconds, even with leases of one second', () => {
    expect(foundIn(slowlyLeasedRegister, 'late-answer', 1_000, 'expiries')).toMatchObject([{ kind: 'violation' }])
  })
})

describe('a run without clients', () => {
  const learned = (protocol: SearchedProtocol['protocol']) =>
    timesOf(
      {
        protocol,
        workload: register,
        targetSettings: {},
        nodes: undefined,
        bug: undefined,
      } as unknown as SearchedProtocol,
      {},
    )

  test('a run without clients measures a lease from the isolation of its holder to the next leader', () => {
    expect(learned(leasedRegister).takeoverMs).toBeGreaterThan(60)
    expect(learned(leasedRegister).takeoverMs).toBeLessThan(150)
    expect(learned(slowlyLeasedRegister).takeoverMs).toBeGreaterThan(1_000)
  })

  test('a run without clients measures the timer delays that the protocol takes from its settings', () => {
    expect(learned(leasedRegister).timersMs).toEqual([10])
    expect(learned(findProtocol('raft')!).timersMs).toEqual(expect.arrayContaining([50, 250, 500]))
  })

  test('a run without clients measures no takeover if no node leads or every node leads', () => {
    expect(learned(findProtocol('master-master')!).takeoverMs).toBeUndefined()
    expect(learned(findProtocol('quorum')!).takeoverMs).toBeUndefined()
  })
})
