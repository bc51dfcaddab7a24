import type { MessageFault } from '@chaosproxy/faults'
import { millis } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import type { Trigger } from '../../../../testing/src/fault-parts.ts'
import { jsonLines } from '../../../../wire/src/framing/json-lines.ts'
import { lengthPrefixed } from '../../../../wire/src/parse-framing.ts'
import { resp } from '../../../../wire/src/resp/resp.ts'
import { again, back, behind, drop, late, numbers, twice, world } from '../../messages/world.ts'

describe('a framed link without a fault', () => {
  test('a framed link without a fault passes on every byte immediately, whether it belongs to a message or not', () => {
    const { send, there, interceptor, faults } = world({ framing: resp })
    send('*1\r\n$4\r\nPI')
    expect(there.text).toBe('*1\r\n$4\r\nPI')
    send('NG\r\n\0\0\xffgarbage')
    interceptor.requests.end()
    expect(there).toMatchObject({ text: '*1\r\n$4\r\nPING\r\n\0\0\xffgarbage', ended: true, reset: false })
    expect(faults.statistics().get('n1>n2')).toEqual({ messages: 1, oversized: 0, unframed: 0 })
    interceptor.responses.receive(Buffer.from('HTTP/1.1\r\n'))
    expect(faults.statistics().get('n2>n1')).toEqual({ messages: 0, oversized: 0, unframed: 1 })
  })
})

describe('a framed message under faults', () => {
  test('a dropped message is lost, and the connection stays open', () => {
    const { apply, send, there } = world()
    const fault = apply(drop, { when: { nth: 2 } })
    send('1\n2\n3\n')
    expect([there.text, fault.hits]).toEqual(['1\n3\n', 1])
  })

  test('is duplicated immediately', () => {
    const { apply, send, there } = world()
    const fault = apply({ kind: 'duplicate-message', copies: 2 }, { when: { nth: 2 } })
    send('1\n2\n3\n')
    expect([there.text, fault.hits]).toEqual(['1\n2\n2\n2\n3\n', 1])
  })

  test('a reordered message is overtaken by the given number of other messages', () => {
    const { apply, send, there } = world()
    const fault = apply(behind(2), { when: { nth: 1 } })
    send('1\n2\n')
    expect([there.text, fault.hits]).toEqual(['2\n', 1])
    send('3\n4\n')
    expect(there.text).toBe('2\n3\n1\n4\n')
  })

  test('a reordered message is released after a time limit if no other messages arrive', () => {
    const { apply, send, there, clock } = world()
    apply(behind(2, 50), { when: { nth: 1 } })
    send('1\n2\n')
    clock.advance(49)
    expect(there.text).toBe('2\n')
    clock.advance(1)
    expect(there.text).toBe('2\n1\n')
  })

  test('a message is replayed after the given number of other messages, or after a time limit', () => {
    const { apply, send, there, clock } = world()
    const fault = apply(again(2, 50), { when: { every: 4 } })
    send(numbers(1, 7))
    expect([there.text, fault.hits]).toEqual([`${numbers(1, 6)}4\n7\n`, 1])
    send('8\n')
    clock.advance(50)
    expect([there.text, fault.hits]).toEqual([`${numbers(1, 6)}4\n7\n8\n8\n`, 2])
  })

  test('a delayed message also delays the messages after it', () => {
    const { apply, send, there, clock } = world()
    const fault = apply(late, { when: { nth: 2 } })
    send('1\n2\n3\n')
    expect(there.text).toBe('1\n')
    clock.advance(99)
    send('4\n')
    expect(there.text).toBe('1\n')
    clock.advance(1)
    expect([there.text, fault.hits, clock.armed]).toEqual(['1\n2\n3\n4\n', 1, 0])
  })

  test('a corrupted message has one flipped bit, and remains one message', () => {
    for (const framing of [jsonLines, resp, lengthPrefixed({ lengthFieldLength: 2, byteOrder: 'big' })]) {
      for (let seed = 0; seed < 50; seed++) {
        const { apply, send, there } = world({ framing, seed })
        const fault = apply({ kind: 'corrupt-message', bits: 1 })
        const message = framing
          .write(framing === resp ? ['SET', 'key', 'value'] : 'hello', 'requests')
          .toString('latin1')
        send(message)
        expect([
          there.text.length,
          fault.hits,
          framing.scanner('requests').scan(Buffer.from(there.text, 'latin1'), 0),
        ]).toEqual([message.length, 1, message.length])
        const flips = [...message]
          .map((char, i) => char.charCodeAt(0) ^ there.text.charCodeAt(i))
          .filter((bits) => bits > 0)
        expect(flips.map((bits) => Math.log2(bits) % 1)).toEqual([0])
      }
    }
  })

  test('a message without a bit that can be flipped is unchanged', () => {
    const { apply, send, there } = world()
    const fault = apply({ kind: 'corrupt-message', bits: 3 })
    send('\n')
    expect([there.text, fault.hits]).toEqual(['\n', 0])
  })

  test('a message is replaced by a fabricated message', () => {
    const { apply, send, there } = world({ framing: resp })
    apply({ kind: 'fabricate-message', message: ['DEL', 'x'] }, { match: { command: 'get' } })
    send('*2\r\n$3\r\nGET\r\n$1\r\nx\r\nPING\r\n')
    expect(there.text).toBe('*2\r\n$3\r\nDEL\r\n$1\r\nx\r\nPING\r\n')
  })

  test('one JSON field of a message is forged, either in place or in an additional message', () => {
    const { apply, send, there } = world()
    const fault = apply({ kind: 'forge-message', fields: 1, besides: false }, { when: { nth: 1 } })
    const added = apply({ kind: 'forge-message', fields: 1, besides: true }, { when: { nth: 2 } })
    send('{"type":"vote","term":5}\n{"type":"vote","term":7}\n')
    const [altered, honest, besides] = there.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect([altered.type, honest, besides.type]).toEqual(['vote', { type: 'vote', term: 7 }, 'vote'])
    expect([altered.term === 5, besides.term === 7, fault.hits, added.hits]).toEqual([false, false, 1, 1])
  })

  test('forge-signed-message keeps the original message only if "besides" is true', () => {
    const { apply, send, there } = world()
    apply({ kind: 'forge-signed-message', fields: 1, besides: false }, { when: { nth: 1 } })
    apply({ kind: 'forge-signed-message', fields: 1, besides: true }, { when: { nth: 2 } })
    send('{"term":5}\n{"term":7}\n')
    expect(there.text).toBe('{"term":7}\n')
  })

  test('a message that is not JSON is not forged', () => {
    const { apply, send, there } = world({ framing: resp })
    const fault = apply({ kind: 'forge-message', fields: 1, besides: false })
    send('PING\r\n')
    expect([there.text, fault.hits]).toEqual(['PING\r\n', 0])
  })

  test('a fault drops only messages of its own direction', () => {
    const { apply, send, there, here, interceptor } = world()
    apply(drop, { links: back })
    send('1\n')
    interceptor.responses.receive(Buffer.from('2\n'))
    expect([there.text, here.text]).toEqual(['1\n', ''])
  })

  test('several faults act on a message in order', () => {
    const { apply, send, there } = world()
    const counted = [apply(twice, { when: { nth: 2 } }), apply(drop, { when: { nth: 3 } }), apply(twice)]
    send('1\n2\n3\n')
    expect(there.text).toBe('1\n1\n2\n2\n2\n2\n')
    expect(counted.map(({ hits }) => hits)).toEqual([1, 1, 2])
  })
})

describe('the trigger of a message fault', () => {
  const passed = (when: Trigger<MessageFault>, count = 12) => {
    const { apply, send, there } = world()
    apply(drop, { when })
    send(numbers(1, count))
    return there.text.split('\n').filter(Boolean).map(Number)
  }

  test('a message fault selects messages by nth, first, every and probability, and by combinations of these', () => {
    expect(passed({ nth: 3 }, 5)).toEqual([1, 2, 4, 5])
    expect(passed({ first: 3 }, 5)).toEqual([4, 5])
    expect(passed({ every: 2 }, 5)).toEqual([1, 3, 5])
    expect(passed({ every: 2, first: 4 }, 8)).toEqual([1, 3, 5, 6, 7, 8])
    expect(passed({ probability: 0 })).toHaveLength(12)
    expect(passed({ probability: 1 })).toEqual([])
  })

  test('a message fault counts the matching messages over all connections of its link', () => {
    const { apply, send, there, connect } = world()
    const other = connect()
    apply(drop, { when: { nth: 2 }, match: { contains: 'x' } })
    send('"x1"\n"y"\n')
    other.send('"y"\n"x2"\n')
    send('"x3"\n')
    expect([there.text, other.there.text]).toEqual(['"x1"\n"y"\n"x3"\n', '"y"\n'])
  })

  test('afterMessages skips the first messages of each connection, and also counts messages before the fault', () => {
    const { apply, send, there, connect } = world()
    const other = connect()
    send('1\n')
    apply(drop, { when: { afterMessages: 2 } })
    send('2\n3\n')
    other.send('1\n2\n3\n')
    expect([there.text, other.there.text]).toEqual(['1\n2\n', '1\n2\n'])
  })

  test('a message fault selects only within its time window', () => {
    const { apply, send, there, clock } = world()
    clock.advance(1000)
    apply(drop, { when: { fromMs: millis(10), untilMs: millis(20) } })
    for (let n = 0; n < 3; n++) {
      send(`${n}\n`)
      clock.advance(10)
    }
    expect(there.text).toBe('0\n2\n')
  })

  test('a message fault draws the same numbers for the same seed, regardless of other connections, links and faults', () => {
    const drawn = (seed: number, crowd: boolean) => {
      const { apply, send, there, connect, faults } = world({ seed })
      faults.intercept({ from: 'n3', to: 'n2', framing: jsonLines })
      apply(drop, { when: { probability: 0.5 } })
      if (crowd) {
        apply(twice, { when: { probability: 0.5 }, match: { contains: 'nothing' } })
        faults.apply({ ...drop, links: [{ from: 'n3', to: 'n2' }], when: { probability: 0.5 } })
        connect().send(numbers(1, 40))
      }
      send(numbers(1, 200))
      return there.text
    }
    expect(drawn(1, true)).toBe(drawn(1, false))
    expect(drawn(2, false)).not.toBe(drawn(1, false))
    const kept = drawn(1, false).split('\n').length
    expect(kept).toBeGreaterThan(60)
    expect(kept).toBeLessThan(140)
  })
})

describe('the match of a message fault', () => {
  test.each([
    [{ member: 'type' }, ['{"type":1,"n":1}', '{"type":{"a":null},"n":2}']],
    [{ member: 'type.a' }, ['{"type":{"a":null},"n":2}']],
    [{ member: 'type.a', equals: null }, ['{"type":{"a":null},"n":2}']],
    [{ member: 'type', equals: { a: null } }, ['{"type":{"a":null},"n":2}']],
    [{ member: 'type', equals: 1, contains: '"n":1' }, ['{"type":1,"n":1}']],
    [{ member: 'type', equals: 1, contains: '"n":2' }, []],
    [{ member: 'toString' }, []],
    [{ contains: 'no JSON' }, ['no JSON at all']],
  ])('a message fault selects messages by %j', (match, struck) => {
    const { apply, send, there } = world()
    const lines = ['{"type":1,"n":1}', '{"type":{"a":null},"n":2}', 'no JSON at all', '[1]', 'null']
    apply(drop, { match })
    send(`${lines.join('\n')}\n`)
    expect(there.text.split('\n').slice(0, -1)).toEqual(lines.filter((line) => !struck.includes(line)))
  })

  test('a message fault selects messages by command and key', () => {
    const { apply, send, there } = world({ framing: resp })
    const fault = apply(drop, { match: { command: 'set', key: 'x' } })
    send('SET x 1\r\nset y 1\r\n*3\r\n$3\r\nset\r\n$1\r\nx\r\n$1\r\n2\r\nGET x\r\n')
    expect([there.text, fault.hits]).toEqual(['set y 1\r\nGET x\r\n', 2])
  })
})

describe('a message fault', () => {
  test('a message fault passes a message that began before the fault, and acts on the next message', () => {
    const { apply, send, there } = world()
    send('[1,')
    apply(drop)
    send('2]\n3\n')
    expect(there.text).toBe('[1,2]\n')
  })

  test('a healed message fault releases held messages in order, and sends no pending repetition', () => {
    const { apply, send, there, clock } = world()
    const fault = apply(late, { when: { every: 2 } })
    const reorder = apply(behind(9), { when: { nth: 1 } })
    const replay = apply(again(9), { when: { nth: 5 } })
    send(`${numbers(1, 5)}[6,`)
    expect(there.text).toBe('')
    fault.remove()
    expect(there.text).toBe(numbers(2, 5))
    reorder.remove()
    replay.remove()
    replay.remove()
    expect([there.text, clock.armed]).toEqual([`${numbers(2, 5)}1\n[6,`, 0])
    send('7]\n')
    expect(there.text).toBe(`${numbers(2, 5)}1\n[6,7]\n`)
  })

  test('a message that two faults delay stays delayed if one of the faults is removed', () => {
    const { apply, send, there, clock } = world()
    const [first] = [apply(late), apply(late)]
    send('1\n')
    first?.remove()
    clock.advance(199)
    expect(there.text).toBe('')
    clock.advance(1)
    expect(there.text).toBe('1\n')
  })
})
