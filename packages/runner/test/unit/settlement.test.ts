import { type Nanos, nanos } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { createSettlement } from '../../src/clients/settlement.ts'
import type { WireEvent } from '../../src/ports/cluster.ts'

const AT: Nanos = nanos(0)
const event = (type: WireEvent['type'], process: number, more: Partial<WireEvent> = {}): WireEvent => ({
  index: 0,
  time: AT,
  process,
  type,
  f: 'write',
  key: 'x',
  value: 1,
  ...more,
})

describe('the settlement of unknown outcomes', () => {
  test('a failed request counts as never sent if the client gives up after the failure is known', () => {
    const { clientEvent, gaveUp, settled } = createSettlement()
    clientEvent(event('invoke', 1, { session: 'a' }))
    clientEvent(event('fail', 1, { edges: ['client-in'] }))
    gaveUp('a')
    expect(settled()).toEqual({ neverLeft: 1, untold: 0 })
  })

  test('a failed request counts as never sent if the client gave up before the failure was known', () => {
    const { clientEvent, gaveUp, settled } = createSettlement()
    clientEvent(event('invoke', 1, { session: 'a' }))
    gaveUp('a')
    clientEvent(event('fail', 1, { edges: ['client-in'] }))
    expect(settled()).toEqual({ neverLeft: 1, untold: 0 })
  })

  test('a failed request counts as never sent only if the client gave up on it', () => {
    const { clientEvent, settled } = createSettlement()
    clientEvent(event('invoke', 1, { session: 'a' }))
    clientEvent(event('fail', 1, { edges: ['client-in'] }))
    expect(settled()).toEqual({ neverLeft: 0, untold: 0 })
  })

  test('a request that was never forwarded is not confused with the next request of its session', () => {
    const { clientEvent, gaveUp, settled } = createSettlement()
    clientEvent(event('invoke', 1, { session: 'a' }))
    clientEvent(event('fail', 1, { edges: ['client-in'] }))
    clientEvent(event('invoke', 1, { session: 'a' }))
    clientEvent(event('info', 1))
    gaveUp('a')
    expect(settled()).toEqual({ neverLeft: 0, untold: 0 })
  })

  test('a reply of the backend counts as lost if the client then reports an unknown outcome', () => {
    const { clientEvent, backendEvent, settled } = createSettlement()
    backendEvent(event('invoke', 1))
    backendEvent(event('ok', 1))
    clientEvent(event('info', 1))
    expect(settled()).toEqual({ neverLeft: 0, untold: 1 })
  })

  test('a reply of the backend counts as lost if the client had already reported an unknown outcome', () => {
    const { clientEvent, backendEvent, settled } = createSettlement()
    backendEvent(event('invoke', 1))
    clientEvent(event('info', 1))
    backendEvent(event('ok', 1))
    expect(settled()).toEqual({ neverLeft: 0, untold: 1 })
  })

  test('a reply to an earlier operation is not taken for a reply to a later operation of the process', () => {
    const { clientEvent, backendEvent, settled } = createSettlement()
    backendEvent(event('invoke', 1))
    backendEvent(event('ok', 1))
    clientEvent(event('ok', 1))
    backendEvent(event('invoke', 1))
    clientEvent(event('info', 1))
    expect(settled()).toEqual({ neverLeft: 0, untold: 0 })
  })

  test('the settlement of unknown outcomes ignores events of the nemesis and the recorder', () => {
    const { clientEvent, settled } = createSettlement()
    clientEvent(event('info', 0, { process: 'nemesis', f: 'partition' }))
    clientEvent(event('info', 0, { process: 'recorder', f: 'touched' }))
    expect(settled()).toEqual({ neverLeft: 0, untold: 0 })
  })
})
