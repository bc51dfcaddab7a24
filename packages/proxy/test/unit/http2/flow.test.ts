import { createRandom, http2Family } from '@chaosproxy/faults'
import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../../../testing/src/sockets.ts'
import {
  dataFrame,
  FLAG,
  FRAME,
  framesOf,
  hasFlag,
  PREFACE,
  streamOf,
  typeOf,
} from '../../../../wire/src/http2/frames.ts'
import type { PlainBlock } from '../../../../wire/src/http2/header-reader.ts'
import { encodePlainly, encodeTableSizes } from '../../../../wire/src/http2/plain-block.ts'
import { type FramePlan, Http2Flow, type Http2FlowOptions } from '../../../src/http2/http2-flow.ts'
import { StreamRule } from '../../../src/http2/stream-rule.ts'

const NOTHING = Buffer.alloc(0)

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}
const block = encodePlainly([{ field: [':status', '200'], isNeverIndexed: false }])
const headers = (stream: number) => frame(FRAME.headers, FLAG.endHeaders, stream, block)
const data = (stream: number, text = '') => dataFrame(stream, Buffer.from(text))
const settings = frame(FRAME.settings, 0, 0, NOTHING)

const ruleOf = () =>
  new StreamRule(
    {
      fault: http2Family.parse({ kind: 'delay-stream', delayMs: 10, links: ['a>b'] }, 'x'),
      ...{ appliedAtMs: 0, hits: 0, missed: 0, missedBecause: undefined, recent: [] },
    },
    createRandom(1),
  )

interface Planned extends Partial<Omit<FramePlan, 'then'>> {
  readonly act?: () => void
}

function nameOf(bytes: Buffer): string {
  const number = streamOf(bytes)
  if (typeOf(bytes) === FRAME.data) return `${number}:${bytes.subarray(9)}`
  if (typeOf(bytes) === FRAME.headers) return `headers ${number}${hasFlag(bytes, FLAG.endHeaders) ? '' : ' cut'}`
  return typeOf(bytes) === FRAME.settings ? 'settings' : `type ${typeOf(bytes)}`
}

/** One direction of an HTTP/2 connection, without sockets. `plans` has a frame's plan under the frame's name. */
function flowOf(plans: { readonly [frame: string]: Planned } = {}, more: Partial<Http2FlowOptions> = {}) {
  const clock = new ManualClock()
  const told: string[] = []
  const exit = {
    pass(bytes: Buffer) {
      told.push(...(bytes.equals(PREFACE) ? ['preface'] : framesOf(bytes).map(nameOf)))
      return true
    },
    end: () => void told.push('END'),
    reset: () => void told.push('RESET'),
    setReading: (isReading: boolean) => void told.push(isReading ? 'read' : 'stop'),
    congested: false,
  }
  const flow = new Http2Flow({
    ...{ direction: 'responses', exit, clock },
    plan(bytes) {
      const plan = plans[nameOf(bytes)]
      if (plan === undefined) return undefined
      const { act: then, ...rest } = plan
      return { delayMs: 0, delayedBy: [], ...rest, then }
    },
    plain: (bytes): PlainBlock => ({ block: bytes, tableSizes: NOTHING }),
    undecodable: () => void told.push('undecodable'),
    received: (bytes) => bytes,
    translated: (bytes) => bytes,
    mayPass: () => true,
    passed: undefined,
    recognised: (isHttp2) => void told.push(isHttp2 ? 'http2' : 'not http2'),
    ...more,
  })
  const receive = (...frames: readonly Buffer[]) => {
    for (const each of frames) flow.receive(each)
    return told.splice(0)
  }
  return { flow, clock, receive, toldSince: () => told.splice(0) }
}

describe('a direction of an HTTP/2 connection', () => {
  test('a delayed frame holds later frames of its stream and later header blocks of all streams, but no other frames', () => {
    const { receive, clock, toldSince } = flowOf({ '1:a': { delayMs: 10 } })
    expect(receive(settings, data(1, 'a'), data(1, 'b'), data(3, 'c'), headers(5))).toEqual(['settings', '3:c'])
    clock.advance(9)
    expect([toldSince(), clock.armed]).toEqual([[], 1])
    clock.advance(1)
    expect([toldSince(), clock.armed]).toEqual([['1:a', '1:b', 'headers 5'], 0])
    expect(receive(data(1, 'd'), headers(7))).toEqual(['1:d', 'headers 7'])
  })

  test('a frame is held until every held frame before it on its stream has passed', () => {
    const { receive, clock, toldSince } = flowOf({ '1:a': { delayMs: 10 }, '1:b': { delayMs: 20 } })
    receive(settings, data(1, 'a'), data(1, 'b'))
    clock.advance(10)
    expect([toldSince(), receive(data(1, 'c'))]).toEqual([['1:a'], []])
    clock.advance(10)
    expect(toldSince()).toEqual(['1:b', '1:c'])
  })

  test('header blocks overtake a delayed header block if it can be sent out of order', () => {
    const { receive, flow, clock, toldSince } = flowOf({ 'headers 1': { delayMs: 10 } })
    expect([receive(settings, headers(1), headers(3), data(1, 'a'), data(3, 'b')), flow.isPlain]).toEqual([
      ['settings', 'headers 3', '3:b'],
      true,
    ])
    clock.advance(10)
    expect(toldSince()).toEqual(['headers 1', '1:a'])
  })

  test('header blocks keep their order if a delayed header block cannot be sent out of order', () => {
    const { receive, flow, clock, toldSince } = flowOf({ 'headers 1': { delayMs: 10 } }, { plain: () => undefined })
    expect([receive(settings, headers(1), headers(3), data(5, 'a')), flow.isPlain]).toEqual([
      ['settings', '5:a'],
      false,
    ])
    clock.advance(10)
    expect(toldSince()).toEqual(['headers 1', 'headers 3'])
  })

  test('a lost or delayed header block makes later blocks undecodable if it cannot be written without the dynamic table', () => {
    const lost = flowOf({ 'headers 1': { instead: NOTHING } }, { plain: () => undefined })
    expect(lost.receive(settings, headers(1), headers(3))).toEqual(['settings', 'undecodable', 'headers 3'])
    let isKnown = true
    const reordered = flowOf(
      { 'headers 1': { delayMs: 10 } },
      { plain: (bytes) => (isKnown ? { block: bytes, tableSizes: NOTHING } : undefined) },
    )
    reordered.receive(settings, headers(1))
    isKnown = false
    expect(reordered.receive(headers(3))).toEqual(['undecodable', 'headers 3'])
  })

  test('a frame is replaced by other bytes or by nothing, and then the action of the fault runs', () => {
    const acted: string[] = []
    const act = (name: string) => () => void acted.push(name)
    const { receive } = flowOf({
      '1:a': { instead: data(1, 'x'), act: act('a') },
      '1:b': { instead: NOTHING, act: act('b') },
      '1:c': { act: act('c') },
    })
    expect(receive(settings, data(1, 'a'), data(1, 'b'), data(1, 'c'))).toEqual(['settings', '1:x', '1:c'])
    expect(acted).toEqual(['a', 'b', 'c'])
  })

  test('a removed fault releases the frames that no other fault delays', () => {
    const [one, other] = [ruleOf(), ruleOf()]
    const { receive, flow, clock, toldSince } = flowOf({
      '1:a': { delayMs: 10, delayedBy: [one] },
      '3:b': { delayMs: 10, delayedBy: [one, other] },
      '5:c': { delayMs: 10 },
    })
    receive(settings, data(1, 'a'), data(3, 'b'), data(5, 'c'))
    flow.heal(other)
    expect(toldSince()).toEqual([])
    flow.heal(one)
    expect([toldSince(), clock.armed]).toEqual([['1:a'], 1])
  })

  test.each(['end', 'reset'] as const)('an HTTP/2 direction passes on its %s once no frame is held', (ending) => {
    const { receive, flow, clock, toldSince } = flowOf({ '1:a': { delayMs: 10 } })
    receive(settings, data(1, 'a'))
    flow.finish(ending)
    expect(toldSince()).toEqual([])
    clock.advance(10)
    expect(toldSince()).toEqual(['1:a', ending.toUpperCase()])
  })

  test('at its end, an HTTP/2 direction also passes on the frames of an incomplete header block', () => {
    const { receive, flow, toldSince } = flowOf()
    expect(receive(settings, frame(FRAME.headers, 0, 1, block))).toEqual(['settings'])
    flow.finish('end')
    expect(toldSince()).toEqual(['headers 1 cut', 'END'])
  })

  test('a stopped HTTP/2 direction passes nothing on, and leaves no timer', () => {
    const { receive, flow, clock, toldSince } = flowOf({ '1:a': { delayMs: 10 } })
    receive(settings, data(1, 'a'))
    flow.stop()
    flow.inject(data(7, 'x'))
    clock.advance(10)
    expect([toldSince(), clock.armed]).toEqual([[], 0])
  })

  test('frames are injected into an HTTP/2 direction after its first frame, and never within a header block', () => {
    const { receive, flow, toldSince } = flowOf()
    flow.inject(data(7, 'x'))
    expect(toldSince()).toEqual([])
    expect(receive(settings)).toEqual(['settings', '7:x'])
    flow.inject(data(7, 'y'))
    expect(toldSince()).toEqual(['7:y'])
  })

  test('passed and injected HTTP/2 frames are translated, and frames that may not pass are dropped', () => {
    const { receive, flow, toldSince } = flowOf(
      {},
      {
        mayPass: (bytes) => streamOf(bytes) !== 3,
        translated: (bytes) => (streamOf(bytes) === 1 ? data(9, 'z') : bytes),
      },
    )
    expect(receive(settings, data(1, 'a'), data(3, 'b'), data(5, 'c'))).toEqual(['settings', '9:z', '5:c'])
    flow.inject(data(1, 'a'))
    expect(toldSince()).toEqual(['9:z'])
  })

  test('the position of each frame in the passed bytes is reported', () => {
    const passed: [string, number][] = []
    const { receive, flow, clock } = flowOf(
      { '1:a': { delayMs: 10 } },
      { passed: (bytes, startByte) => void passed.push([nameOf(bytes), startByte]) },
    )
    receive(settings, data(1, 'a'), data(3, 'bcd'))
    flow.inject(data(7, 'x'))
    clock.advance(10)
    receive(data(5, 'e'))
    expect(passed).toEqual([
      ['settings', 0],
      ['3:bcd', 9],
      ['1:a', 9 + 12 + 10],
      ['5:e', 9 + 12 + 10 + 10],
    ])
  })

  test('the next header block after a re-encoded block begins with the HPACK table sizes of the re-encoded block', () => {
    const sizes = encodeTableSizes([100])
    const sent: Buffer[] = []
    const { receive, clock } = flowOf(
      { 'headers 1': { delayMs: 10 } },
      {
        plain: (bytes) => ({ block: bytes, tableSizes: streamOf(bytes) === 1 ? sizes : NOTHING }),
        passed: (bytes) => void sent.push(Buffer.from(bytes)),
      },
    )
    receive(settings, headers(1), data(3, 'a'), headers(3), headers(5))
    clock.advance(10)
    expect(sent.slice(1).map((each) => [nameOf(each), each.subarray(9).toString('latin1')])).toEqual([
      ['3:a', 'a'],
      ['headers 3', Buffer.concat([sizes, block]).toString('latin1')],
      ['headers 5', block.toString('latin1')],
      ['headers 1', block.toString('latin1')],
    ])
  })

  test('the sender of an HTTP/2 direction is paused while 16 MiB are held, or while the direction is stopped', () => {
    const half = dataFrame(1, Buffer.alloc(8 * 1024 * 1024 - 9))
    const { receive, flow, clock, toldSince } = flowOf({ '1:a': { delayMs: 10 } })
    flow.setStopped(true)
    flow.setStopped(true)
    flow.setStopped(false)
    expect(toldSince()).toEqual(['stop', 'read'])
    receive(settings, data(1, 'a'), half)
    expect(toldSince()).toEqual([])
    expect(receive(half)).toEqual(['stop'])
    clock.advance(10)
    expect(toldSince().filter((name) => name === 'read')).toEqual(['read'])
  })

  test.each([
    ['HTTP/2', PREFACE, ['http2', 'preface']],
    ['not HTTP/2', dataFrame(1, Buffer.from('a')), ['not http2', '1:a']],
  ])('the first bytes of the requests show that a connection is %s', (_, bytes, told) => {
    expect(flowOf({}, { direction: 'requests' }).receive(bytes)).toEqual(told)
  })
})
