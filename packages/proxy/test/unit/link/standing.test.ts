import type { TcpFault } from '@chaosproxy/faults'
import { millis } from '@chaosproxy/history'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { conversation, eventually, hold, links, ManualClock, on } from '../../../../testing/src/sockets.ts'
import { createClientFilter } from '../../../src/link/client-filter.ts'
import { systemClock } from '../../../src/link/clock.ts'

const late = { kind: 'latency', links: links.to, latencyMs: millis(10), jitterMs: millis(0) } as const

describe('a fault with a time', () => {
  test('a fault with a time window acts in that window after its start, regardless of the absolute time', async () => {
    const clock = new ManualClock()
    clock.advance(1000)
    const { network, client, server } = await conversation({ clock })
    const fault = network.apply(on(links.to, { kind: 'half-open' }, { fromMs: millis(100), untilMs: millis(200) }))
    expect(clock.armed).toBe(1)
    clock.advance(100)
    expect(clock.armed).toBe(1)
    client.socket.end('x')
    await eventually(() => fault.hits === 1)
    expect(server.ended).toBe(false)
    clock.advance(99)
    expect(clock.armed).toBe(1)
    clock.advance(1)
    await server.until((r) => r.ended)
    expect(clock.armed).toBe(0)
  })

  test('removing a fault cancels its timer, and a later update sets no new timer', async () => {
    const clock = new ManualClock()
    const { network } = await conversation({ clock })
    const fault = network.apply({ ...late, when: { untilMs: millis(100) } } as TcpFault)
    expect(clock.armed).toBe(1)
    fault.remove()
    fault.remove()
    fault.update({ ...late, when: { untilMs: millis(200) } } as TcpFault)
    expect([clock.armed, fault.fault.when]).toEqual([0, { untilMs: 200 }])
  })

  test('a fault with a time window has one timer, also after an update', async () => {
    const clock = new ManualClock()
    const { network } = await conversation({ clock })
    const fault = network.apply({ ...late, when: { untilMs: millis(100) } } as TcpFault)
    fault.update({ ...late, when: { untilMs: millis(200) } } as TcpFault)
    expect(clock.armed).toBe(1)
    fault.update(late)
    expect(clock.armed).toBe(0)
  })
})

test('removing a fault twice does not heal another fault on the same link', async () => {
  const { network, client, server } = await conversation()
  const [one, other] = [network.apply(hold(links.to)), network.apply(hold(links.to))]
  one.remove()
  one.remove()
  client.socket.write('x')
  await eventually(() => other.hits === 1)
  expect(server.length).toBe(0)
  other.remove()
  await server.until((r) => r.text === 'x')
})

describe('a client filter', () => {
  test.each([
    ['10.0.0.0/8', '10.255.0.1', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['10.0.0.7', '10.0.0.7', true],
    ['10.0.0.7/32', '10.0.0.8', false],
    ['0.0.0.0/0', '1.2.3.4', true],
    ['0.0.0.0/0', '::1', false],
    ['::1', '::1', true],
    ['fd00::/128', 'fd00::1', false],
    ['::/0', '::ffff:1.2.3.4', false],
    ['1.2.3.4', '::ffff:1.2.3.4', true],
  ])('the client filter %s accepts %s: %s', (text, address, isMet) => {
    expect(createClientFilter(text)(address)).toBe(isMet)
  })

  test.each(['', 'localhost', '10.0.0.0/33', 'fd00::/129', '10.0.0.0/8/8', '10.0.0.0/', '10.0.0.0/x', '10.0.0.0/0008'])(
    'the client filter %j is refused',
    (text) => {
      expect(() => createClientFilter(text)).toThrow(
        `"client" is ${JSON.stringify(text)}. Give an address, or a network`,
      )
    },
  )

  test('an error about a client filter quotes up to 60 characters', () => {
    expect(() => createClientFilter('x'.repeat(61))).toThrow(`"client" is "${'x'.repeat(60)}".`)
  })
})

describe('the clock of the system', () => {
  afterEach(() => void vi.useRealTimers())

  test.each([
    [-5, 1],
    [0, 1],
    [0.1, 1],
    [1.5, 2],
    [2 ** 31 - 1, 2 ** 31 - 1],
    [2 ** 31, 2 ** 31 - 1],
    [Number.POSITIVE_INFINITY, 2 ** 31 - 1],
  ])(
    'the system clock rounds a timer of %d ms up, and limits it to the longest possible timer: %i ms',
    (delayMs, expectedMs) => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      let isOver = false
      systemClock.after(delayMs, () => {
        isOver = true
      })
      vi.advanceTimersByTime(expectedMs - 1)
      expect(isOver).toBe(false)
      vi.advanceTimersByTime(1)
      expect(isOver).toBe(true)
    },
  )

  test('cancels a timer', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const cancel = systemClock.after(5, () => undefined)
    expect(vi.getTimerCount()).toBe(1)
    cancel()
    expect(vi.getTimerCount()).toBe(0)
  })
})
