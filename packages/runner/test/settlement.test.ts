import { type Nanos, nanos } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { createSettlement } from '../src/clients/settlement.ts'
import type { WireEvent } from '../src/ports/cluster.ts'

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

describe('what one view knows of the other', () => {
  test('a request that never left has certainly failed, though its client could not know', () => {
    const { clientEvent, gaveUp, settled } = createSettlement()
    clientEvent(event('invoke', 1, { session: 'a' }))
    clientEvent(event('fail', 1, { edges: ['client-in'] }))
    gaveUp('a')
    expect(settled()).toEqual({ neverLeft: 1, untold: 0 })
  })

  test('a request that never left has failed, also if its client gave up first', () => {
    const { clientEvent, gaveUp, settled } = createSettlement()
    clientEvent(event('invoke', 1, { session: 'a' }))
    gaveUp('a')
    clientEvent(event('fail', 1, { edges: ['client-in'] }))
    expect(settled()).toEqual({ neverLeft: 1, untold: 0 })
  })

  test('a client that was refused knows that itself', () => {
    const { clientEvent, settled } = createSettlement()
    clientEvent(event('invoke', 1, { session: 'a' }))
    clientEvent(event('fail', 1, { edges: ['client-in'] }))
    expect(settled()).toEqual({ neverLeft: 0, untold: 0 })
  })

  test('what never left is not taken for the operation after it', () => {
    const { clientEvent, gaveUp, settled } = createSettlement()
    clientEvent(event('invoke', 1, { session: 'a' }))
    clientEvent(event('fail', 1, { edges: ['client-in'] }))
    clientEvent(event('invoke', 1, { session: 'a' }))
    clientEvent(event('info', 1))
    gaveUp('a')
    expect(settled()).toEqual({ neverLeft: 0, untold: 0 })
  })

  test('an answer of the backend before its client gave up is one that the client never received', () => {
    const { clientEvent, backendEvent, settled } = createSettlement()
    backendEvent(event('invoke', 1))
    backendEvent(event('ok', 1))
    clientEvent(event('info', 1))
    expect(settled()).toEqual({ neverLeft: 0, untold: 1 })
  })

  test('an answer of the backend after its client gave up is one that the client never received', () => {
    const { clientEvent, backendEvent, settled } = createSettlement()
    backendEvent(event('invoke', 1))
    clientEvent(event('info', 1))
    backendEvent(event('ok', 1))
    expect(settled()).toEqual({ neverLeft: 0, untold: 1 })
  })

  test('an answer to an earlier operation says nothing of a later one', () => {
    const { clientEvent, backendEvent, settled } = createSettlement()
    backendEvent(event('invoke', 1))
    backendEvent(event('ok', 1))
    clientEvent(event('ok', 1))
    backendEvent(event('invoke', 1))
    clientEvent(event('info', 1))
    expect(settled()).toEqual({ neverLeft: 0, untold: 0 })
  })

  test('what the nemesis and the recorder say is nobody’s operation', () => {
    const { clientEvent, settled } = createSettlement()
    clientEvent(event('info', 0, { process: 'nemesis', f: 'partition' }))
    clientEvent(event('info', 0, { process: 'recorder', f: 'touched' }))
    expect(settled()).toEqual({ neverLeft: 0, untold: 0 })
  })
})
