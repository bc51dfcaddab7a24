import { type Event, historyFromEvents, nanos } from '@chaosproxy/history'
import { findProtocol } from '@chaosproxy/protocols'
import type { Played } from '@chaosproxy/runner'
import { register } from '@chaosproxy/workloads'
import { expect, test } from 'vitest'
import { unrecovered } from '../../src/search/unrecovered.ts'

const HEALED = nanos(10e6)
const waited = nanos(5e9)

/**
 * Judges the recovery in a history with a read that succeeds before healing and a read that fails after it. Returns the
 * failure, or why it is unknown whether the protocol recovers.
 */
function stoppedBy(recovery: Played['recovery']) {
  const read = { f: 'read', key: 'x', value: null, process: 0, node: 'n1' } as const
  const events: readonly Event[] = [
    { ...read, index: 0, time: nanos(1e6), type: 'invoke' },
    { ...read, index: 1, time: nanos(2e6), type: 'ok', value: 7 },
    { ...read, index: 2, time: nanos(11e6), type: 'invoke' },
    { ...read, index: 3, time: nanos(12e6), type: 'fail', error: 'nothing at json.value' },
  ]
  return unrecovered(
    { level: 'linearizable', protocol: findProtocol('raft')!, workload: register },
    { targetSettings: {} },
    historyFromEvents(events),
    { healedAt: HEALED, faults: [], records: [], trouble: [], recovery },
  )
}

test('a protocol fails a trial if it answers nothing after the heal', () => {
  expect(stoppedBy({ type: 'answered' })).toBeUndefined()
  expect(stoppedBy({ type: 'unanswered', waited, misread: false })).toMatchObject({
    kind: 'unrecovered',
    what: 'Nothing was answered in the 5.000 s after everything was healed at 0.010 s; the last answer came at 0.002 s (1 of 1: nothing at json.value)',
  })
})

test('the recovery of a protocol is unknown if no answer after the heal was understood', () => {
  expect(stoppedBy({ type: 'unanswered', waited, misread: true })).toEqual({
    kind: 'record',
    text: 'no answer was understood after everything was healed (1 of 1: nothing at json.value)',
  })
})
