import { isUtf8 } from 'node:buffer'
import { messageFamily } from '@chaosproxy/faults'
import { millis, UserError } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import type { Framing } from '../../../../wire/src/framing/framing.ts'
import { jsonLines } from '../../../../wire/src/framing/json-lines.ts'
import { resp } from '../../../../wire/src/resp/resp.ts'
import { again, back, behind, drop, late, world } from '../../messages/world.ts'

describe('the end of a framed stream', () => {
  test('the end of a framed stream comes after the delayed messages and an incomplete last message', () => {
    const { apply, send, there, interceptor } = world()
    apply(behind(5), { when: { nth: 1 } })
    apply(again(5), { when: { nth: 2 } })
    send('1\n2\n3\n[4')
    interceptor.requests.end()
    expect(there).toMatchObject({ text: '2\n3\n1\n[4', ended: true })
  })

  test('an orderly end or a reset of a framed stream waits for delayed messages', () => {
    for (const ending of ['end', 'reset'] as const) {
      const { apply, send, there, interceptor, clock } = world()
      apply(late)
      send('1\n')
      interceptor.requests[ending]()
      expect(there).toMatchObject({ text: '', ended: false, reset: false })
      clock.advance(100)
      expect(there).toMatchObject({ text: '1\n', ended: ending === 'end', reset: ending === 'reset' })
    }
  })

  test('leaves no timer', () => {
    const { apply, send, interceptor, clock, there } = world()
    apply(late)
    send('1\n')
    expect(clock.armed).toBe(1)
    interceptor.closed()
    clock.advance(1000)
    expect([clock.armed, there.text]).toEqual([0, ''])
  })
})

test('the memory of a message can be reused at once, whether the message is passed on, held, dropped or copied', () => {
  const { apply, interceptor, there } = world()
  const receive = (text: string) => interceptor.requests.receive(Buffer.from(text))
  expect(receive('1\n')).toBe(true)
  apply(behind(1), { when: { nth: 1 } })
  apply(drop, { when: { nth: 3 } })
  expect([receive('2\n'), receive('3\n'), receive('4\n5\n[6'), receive(']\n')]).toEqual([true, true, true, true])
  expect(there.text).toBe('1\n3\n2\n5\n[6]\n')
})

describe('bytes that are not a message or exceed the message limit', () => {
  test('a message over the size limit passes unchanged, is counted, and is not interrupted by a held message', () => {
    const { apply, send, there, clock, faults } = world({ maxMessageBytes: 50 })
    apply(behind(1, 10), { when: { nth: 1 } })
    send(`1\n${'x'.repeat(60)}`)
    clock.advance(20)
    send(`${'x'.repeat(60)}\n2\n`)
    expect(there.text).toBe(`${'x'.repeat(120)}\n1\n2\n`)
    expect(faults.statistics().get('n1>n2')).toEqual({ messages: 3, oversized: 1, unframed: 0 })
  })

  test('once the framing is lost, bytes pass unchanged after any held messages', () => {
    const { apply, send, there, interceptor, faults } = world({ framing: resp })
    apply(behind(9), { when: { nth: 1 } })
    apply(drop, { when: { nth: 2 } })
    send('PING\r\n*1\r\nx\r\n')
    send('PING\r\n')
    interceptor.requests.end()
    expect(there).toMatchObject({ text: 'PING\r\n*1\r\nx\r\nPING\r\n', ended: true })
    expect(faults.statistics().get('n1>n2')?.unframed).toBe(1)
  })
})

test('a message duplicated 100 times is held in memory once', () => {
  const { apply, send, there } = world({ maxMessageBytes: 1 << 20 })
  apply({ kind: 'duplicate-message', copies: 100 })
  apply({ kind: 'delay-message', delayMs: millis(1000), jitterMs: millis(0) })
  const before = process.memoryUsage().arrayBuffers
  send(`${'x'.repeat(1 << 19)}\n`)
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 << 20)
  expect(there.text).toBe('')
})

test('a sender is paused while too many bytes wait, and resumed afterwards', () => {
  const { apply, send, there, clock } = world({ maxMessageBytes: 1 << 20 })
  apply(late)
  const line = `${'x'.repeat(1 << 19)}\n`
  for (let i = 0; i < 31; i++) send(line)
  expect(there.reading).toBe(true)
  send(line)
  send(line)
  expect(there.reading).toBe(false)
  clock.advance(100)
  expect([there.reading, there.text.length]).toEqual([true, 33 * line.length])
})

describe('an impossible message fault', () => {
  test.each<[Framing, unknown, string]>([
    [
      jsonLines,
      { kind: 'drop-message', links: ['n1>n3'] },
      'drop-message on n1>n3: no route of this link has a framing.',
    ],
    [
      jsonLines,
      { kind: 'drop-message', links: ['n1>n2'], match: { command: 'SET' } },
      'match only RESP, and the link has the framing json-lines',
    ],
    [
      resp,
      { kind: 'drop-message', links: ['n1>n2'], match: { member: 'a' } },
      'matches only JSON, and the link has the framing resp',
    ],
    [
      resp,
      { kind: 'drop-message', links: ['n2>n1'], match: { key: 'a' } },
      'match only requests, and this link carries only responses',
    ],
    [
      resp,
      { kind: 'fabricate-message', links: ['n1>n2'], message: 7 },
      'a RESP message must be a command, such as ["SET","x","1"]',
    ],
  ])('a message fault that is impossible on its link is refused with a reason (case %#)', (framing, json, reason) => {
    const { faults } = world({ framing })
    const apply = () => faults.apply(messageFamily.parse(json, 'x'))
    expect(apply).toThrow(UserError)
    expect(apply).toThrow(reason)
  })
})

test('a message fault is accepted if at least one direction of its link supports it', () => {
  const { faults } = world({ framing: resp })
  faults.intercept({ from: 'n2', to: 'n1', framing: resp })
  faults.apply({ ...drop, links: back, match: { command: 'SET' } })
})

test('a corrupted text message changes but remains valid UTF-8', () => {
  for (let seed = 1; seed <= 40; seed++) {
    const { apply, send, there } = world({ seed })
    apply({ kind: 'corrupt-message', bits: 3 })
    const text = Buffer.from('{"name":"Zoë naïve – ☃"}\n')
    send(text.toString('latin1'))
    expect(isUtf8(Buffer.from(there.text, 'latin1'))).toBe(true)
    expect(there.text).not.toBe(text.toString('latin1'))
  }
})
