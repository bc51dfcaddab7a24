import { afterEach, describe, expect, test, vi } from 'vitest'
import { createEventLog } from '../../../src/control/state/events.ts'
import { createLeases } from '../../../src/control/state/leases.ts'
import { validateName } from '../../../src/control/state/names.ts'
import { control } from '../../control/control-plane.ts'

describe('a lease', () => {
  afterEach(() => void vi.useRealTimers())

  function leases() {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    const events = createEventLog()
    const healed: string[] = []
    return { events, healed, ...createLeases(events, (lease) => healed.push(lease)) }
  }

  test('a lease shows its remaining time, and has its full duration again after a renewal', () => {
    const { grant, get, renew, healed, events } = leases()
    const { id } = grant('a test', 1_000)
    vi.advanceTimersByTime(600)
    expect(get(id).remainingMs).toBe(400)
    expect(renew(id).remainingMs).toBe(1_000)
    vi.advanceTimersByTime(999)
    expect([get(id).remainingMs, healed]).toEqual([1, []])
    vi.advanceTimersByTime(1)
    expect(healed).toEqual([id])
    expect(() => get(id)).toThrow('it may have expired')
    expect(events.since(0).map(({ type }) => type)).toEqual(['lease-granted', 'lease-expired'])
  })

  test('a lease leaves no timer after its end or after the stop of the proxy', () => {
    const { grant, end, close, healed } = leases()
    const { id } = grant('one', 1_000)
    end(id)
    grant('another', 1_000)
    close()
    expect(vi.getTimerCount()).toBe(0)
    expect(healed).toEqual([id])
  })
})

test('the event log keeps the last 1,024 events for clients that reconnect', () => {
  const { emit, since } = createEventLog()
  for (let i = 0; i < 1_025; i++) emit({ type: 'reset' })
  expect([since(0).length, since(0)[0]?.sequence, since(1_023).length]).toEqual([1_024, 2, 2])
})

test('the event log notifies each subscriber of every event until the subscriber leaves', () => {
  const log = createEventLog()
  const heard: number[] = []
  const leave = log.subscribe(({ sequence }) => heard.push(sequence))
  expect([log.lastSequence, log.subscribers, log.since(0)]).toEqual([0, 1, []])
  log.emit({ type: 'reset' })
  leave()
  log.emit({ type: 'reset' })
  expect([heard, log.lastSequence, log.subscribers]).toEqual([[1], 2, 0])
})

test.each(['', '.', '..', 'a\nb', 'a\u202eb'])('the name of a fault is refused if it is %j', (name) => {
  expect(() => validateName('a fault', name)).toThrow('name')
})

test('the control interface accepts a request body of at most 4 MiB', async () => {
  const { ask } = await control()
  const body = (length: number) => ask('POST', '/v1/faults', `{${' '.repeat(length - 2)}}`)
  expect(await body(4 << 20)).toMatchObject({ status: 400, headers: { connection: 'close' } })
  expect(await body((4 << 20) + 1)).toMatchObject({ status: 413, headers: { connection: 'close' } })
})

test('a response of the control interface has a Content-Length unless its status is 204', async () => {
  const { ask } = await control()
  const listed = await ask('GET', '/v1/faults')
  expect(listed.headers['content-length']).toBe(String(listed.text.length))
  const { status, headers } = await ask('POST', '/reset')
  expect([status, headers['content-length']]).toEqual([204, undefined])
})

test('the name of a fault has at most 256 characters, or fewer if a lower limit is given', () => {
  expect(() => validateName('a fault', 'x'.repeat(256))).not.toThrow()
  for (const name of ['...', 'a.b', 'ü', 'a b']) expect(() => validateName('a fault', name)).not.toThrow()
  expect(() => validateName('a fault', 'abc', 3)).not.toThrow()
  expect(() => validateName('a fault', 'abcd', 3)).toThrow('4 characters; at most 3 are allowed')
  expect(() => validateName('a fault', 'x'.repeat(257))).toThrow('257 characters; at most 256 are allowed')
})
