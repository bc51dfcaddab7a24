import { type Nanos, nanos } from '@chaosproxy/history'
import type { Passage, PassedMessage } from '@chaosproxy/proxy'
import type { FaultRecord } from '@chaosproxy/runner/result'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fateOf } from '../../src/network/heard/fate.ts'
import { heardOf, type Overheard } from '../../src/network/heard/heard.ts'
import { recognise } from '../../src/network/heard/recognise.ts'

const change = { key: 'x', value: 743 }
const ms = (time: number): Nanos => nanos(time * 1e6)

describe('a change in a recorded message', () => {
  test.each([
    ['{"key":"x","value":743}'],
    ['/replicate\n{"key":"x","value":743}'],
    ['{"x":743}'],
    ['{"entries":[{"key":"y","value":1},{"key":"x","to":{"value":743}}]}'],
    ['{"key":"x","cas":[742,743]}'],
    ['/items/x\n{"item":743}'],
    ['\nSET\n\nx\n\n743\n'],
    ['x=743'],
  ])('a change is recognised in the message %j', (text) => {
    expect(recognise({ text }, change)).toBe('carries')
  })

  test.each([
    ['{"key":"x","value":7431}'],
    ['{"key":"x","value":"1743"}'],
    ['x=743.5'],
    ['x=-743'],
    ['SET xy 17430'],
    [''],
  ])('no change is recognised in the message %j', (text) => {
    expect(recognise({ text }, change)).toBe('no')
  })

  test.each([
    ['{"key":"y","value":743}'],
    ['[{"key":"x","value":1},{"key":"y","value":743}]'],
    ['{"item":743}'],
    ['y=743'],
  ])('a change is undecided in %j, because the value may belong to another key', (text) => {
    expect(recognise({ text }, change)).toBe('value only')
  })

  test('a change is recognised in a reply if the request names the key', () => {
    expect(recognise({ text: '{"item":743}', question: '/read\n{"key":"x"}' }, change)).toBe('carries')
  })

  test('a change is unreadable if the message has no text, or if the value is null', () => {
    expect(recognise({ text: undefined }, change)).toBe('unreadable')
    expect(recognise({ text: '{"key":"x","value":null}' }, { key: 'x', value: null })).toBe('unreadable')
  })

  test('a change is recognised only if its value is a whole word in the message', () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom('', '1', '.5', 'a', '-1', '_'), (value, after) => {
        const found = recognise({ text: `set x ${value}${after}` }, { key: 'x', value })
        expect(found).toBe(after === '' ? 'carries' : 'no')
      }),
    )
  })
})

const link = { from: 'n1', to: 'n3' }
const fault = (from: number, to: number, of: object): FaultRecord =>
  ({ id: 'f1', from: ms(from), to: ms(to), hits: 1, fault: of }) as FaultRecord
const cut = (mode: 'hold' | 'drop') => ({ kind: 'partition', links: [link], mode })

describe('the fate of a message', () => {
  const around = (...faults: FaultRecord[]) => ({ link, until: ms(100), faults })
  const times = (sentAt: number, deliveredAt?: number, closedAt?: number) => ({
    sentAt: ms(sentAt),
    deliveredAt: deliveredAt === undefined ? undefined : ms(deliveredAt),
    closedAt: closedAt === undefined ? undefined : ms(closedAt),
  })

  test('the fate of a message is "received" if it was delivered immediately', () => {
    expect(fateOf(times(50, 51), around(fault(10, 90, cut('hold'))))).toEqual({ fate: 'received', endedAt: ms(51) })
  })

  test('the fate of a message is "received" after a late delivery, and names the fault that held it', () => {
    expect(fateOf(times(50, 91), around(fault(10, 90, cut('hold'))))).toEqual({
      ...{ fate: 'received', by: 'partition', endedAt: ms(91) },
    })
    expect(fateOf(times(50, 91), around())).toEqual({ fate: 'received', endedAt: ms(91) })
  })

  test('the fate of a message is "held" if a fault held it, even if the connection broke later', () => {
    expect(fateOf(times(50, undefined, 120), around(fault(10, 110, cut('hold'))))).toEqual({
      ...{ fate: 'held', by: 'partition' },
    })
  })

  test('the fate of a message under a partition that drops messages is "lost" from the moment of sending', () => {
    expect(fateOf(times(50, undefined, 120), around(fault(10, 110, cut('drop'))))).toEqual({
      ...{ fate: 'lost', by: 'partition', endedAt: ms(50) },
    })
  })

  test('the fate of a message is "lost" if the connection broke, with the cause "down" if its receiver was killed', () => {
    expect(fateOf(times(50, undefined, 52), around())).toEqual({ fate: 'lost', endedAt: ms(52) })
    expect(fateOf(times(50, undefined, 52), around(fault(40, 90, { kind: 'kill', nodes: ['n3'] })))).toEqual({
      ...{ fate: 'lost', by: 'down', endedAt: ms(52) },
    })
  })

  test('the fate of a message is "held" while the receiver is paused, even after its socket got the bytes', () => {
    const pausedTo = (to: number) => around(fault(40, to, { kind: 'pause', nodes: ['n3'] }))
    expect(fateOf(times(50, 51), pausedTo(200))).toEqual({ fate: 'held', by: 'pause' })
    expect(fateOf(times(50, 51), pausedTo(90))).toEqual({ fate: 'received', by: 'pause', endedAt: ms(90) })
  })

  test('the fate of a message does not depend on faults on other links or at other times', () => {
    const elsewhere = fault(10, 110, { ...cut('hold'), links: [{ from: 'n1', to: 'n2' }] })
    expect(fateOf(times(50), around(elsewhere, fault(10, 40, cut('hold'))))).toEqual({ fate: 'on its way' })
  })
})

const message = (sentAtMs: number, key: string, value: number, more: Partial<PassedMessage> = {}): PassedMessage => ({
  ...{
    type: 'POST /replicate',
    sentAtMs,
    deliveredAtMs: sentAtMs,
    text: `/replicate\n${JSON.stringify({ key, value })}`,
  },
  ...more,
})

/** n1 sends changes to n2 and n3, which never answer. The proxy's times are those of the run plus 1 s. */
function overheard(toN3: readonly PassedMessage[], more: Partial<Passage> = {}, other: Partial<Overheard> = {}) {
  const passage = (to: string, messages: readonly PassedMessage[]): Passage => ({
    ...{ link: { from: 'n1', to }, forgottenUntilMs: Number.NEGATIVE_INFINITY, messages, doubts: [] },
  })
  return heardOf({
    listening: { from: ms(50), to: ms(100), between: ['n1', 'n3'], about: [change] },
    known: [{ key: 'x', value: 742 }],
    keys: ['x', 'y'],
    faults: [fault(40, 90, cut('hold'))],
    passages: [passage('n2', [message(1060, 'x', 743)]), { ...passage('n3', toN3), ...more }],
    nodes: ['n1', 'n2', 'n3'],
    carriesAll: () => true,
    zeroMs: 1000,
    ...other,
  })
}

const before = message(1030, 'x', 742)
const carried = (heard: ReturnType<typeof heardOf>) => heard.messages.filter(({ carries }) => carries !== undefined)

describe('the record of messages about a change', () => {
  test('the record of messages names the write in each message, its fate, and the fault that delayed it', () => {
    const heard = overheard([before, message(1060, 'x', 743, { deliveredAtMs: 1120 }), message(1070, 'y', 5)])
    expect(heard.messages).toEqual([
      {
        ...{ from: 'n1', to: 'n2', type: 'POST /replicate', sentAt: ms(60) },
        carries: change,
        fate: 'received',
        endedAt: ms(60),
      },
      {
        ...{ from: 'n1', to: 'n3', type: 'POST /replicate', sentAt: ms(60), carries: change },
        ...{ fate: 'received', by: 'partition', endedAt: ms(120) },
      },
      { from: 'n1', to: 'n3', type: 'POST /replicate', sentAt: ms(70), fate: 'received', endedAt: ms(70) },
    ])
    expect(heard.isCut).toBe(false)
  })

  test('a write was not sent to a node if all messages to the node were recorded and none has the write', () => {
    const heard = overheard([before, message(1070, 'y', 5)])
    expect(carried(heard).map(({ to }) => to)).toEqual(['n2'])
    expect([heard.isCut, heard.unclear]).toEqual([false, undefined])
  })

  test.each<[string, Parameters<typeof overheard>, string]>([
    ['some of it was forgotten', [[before], { forgottenUntilMs: 1055 }], 'not recorded'],
    ['a link leads past the proxy', [[before], {}, { carriesAll: ({ from }) => from === 'n1' }], 'not recorded'],
    ['bytes were not read', [[before], { doubts: [{ fromMs: 1060, toMs: 1061, why: 'unread' }] }], 'not recorded'],
    [
      'connections were refused',
      [[before], {}, { faults: [fault(40, 90, { kind: 'refuse', links: [link] })] }],
      'not recorded',
    ],
    [
      'its protocol is not understood',
      [[before], { doubts: [{ fromMs: 1000, toMs: Number.POSITIVE_INFINITY, why: 'unreadable' }] }],
      'not recognised',
    ],
    ['a message is no text', [[before, message(1070, 'x', 1, { text: undefined })]], 'not recognised'],
    ['the value goes with another key', [[before, message(1070, 'y', 743)]], 'not recognised'],
    ['no other change was ever recognised', [[message(1030, 'x', 5)]], 'not recognised'],
    ['the value had been sent before it was written', [[before, message(1040, 'x', 743)]], 'not recognised'],
  ])('the record of messages is undecided if %s', (_, given, why) => {
    const heard = overheard(...given)
    expect([heard.isCut, heard.unclear]).toEqual([true, why])
  })

  test('the record of messages names a database that had the change and was not queried by the reading node', () => {
    const toDb = (from: string, ...messages: PassedMessage[]): Passage => ({
      ...{ link: { from, to: 'db' }, forgottenUntilMs: Number.NEGATIVE_INFINITY, messages, doubts: [] },
    })
    const heard = (...asked: PassedMessage[]) =>
      overheard([before], {}, { passages: [toDb('n1', message(1060, 'x', 743)), toDb('n3', ...asked)] }).unasked
    const question = (sentAtMs: number, text: string | undefined) => message(sentAtMs, '', 0, { text })
    expect(heard()).toEqual(['db'])
    expect(heard(question(1055, 'GET /x'), question(1070, 'GET /y'))).toEqual(['db'])
    for (const text of ['GET /x', 'HGETALL regs', undefined]) expect(heard(question(1070, text))).toBeUndefined()
    // If the reading node itself sends the value to the database, this message counts as a query. If the database
    // receives the value several times, any query after the first receipt counts.
    expect(heard(message(1070, 'x', 743))).toBeUndefined()
    const twice = [toDb('n2', message(1080, 'x', 743)), toDb('n1', message(1060, 'x', 743))]
    expect(
      overheard([before], {}, { passages: [...twice, toDb('n3', question(1070, 'GET /x'))] }).unasked,
    ).toBeUndefined()
    const past = { carriesAll: ({ from }: { readonly from: string }) => from === 'n1' }
    expect(
      overheard([before], {}, { passages: [toDb('n1', message(1060, 'x', 743))], ...past }).unasked,
    ).toBeUndefined()
  })

  test('no message is assigned to a write if the value of the write was also sent before the write', () => {
    expect(carried(overheard([before, message(1040, 'x', 743), message(1060, 'x', 743)]))).toEqual([])
  })

  test('the record of messages contains a failed connection to a killed node, even if traffic cannot be parsed', () => {
    const attempt = (sentAtMs: number): PassedMessage => ({
      ...{ type: 'connection', text: undefined, sentAtMs, closedAtMs: sentAtMs + 1, isUnread: true },
    })
    const doubts = [{ fromMs: 1070, toMs: 1071, why: 'unread' }] as const
    const kill = fault(40, 90, { kind: 'kill', nodes: ['n3'] })
    const heard = overheard([before, attempt(1070)], { doubts }, { faults: [kill] })
    expect(heard.messages.at(-1)).toEqual({
      ...{ from: 'n1', to: 'n3', type: 'connection', sentAt: ms(70), fate: 'lost', by: 'down', endedAt: ms(71) },
    })
    expect(heard.unclear).toBe('not recorded')
  })

  test('the record of messages keeps at most 200 messages, and prefers those that contain the missed write', () => {
    const many = Array.from({ length: 1000 }, (_, i) => message(1050 + i / 100, 'y', i))
    const heard = overheard([before, ...many, message(1080, 'x', 743)])
    expect(heard.messages).toHaveLength(200)
    expect(carried(heard)).toHaveLength(2)
    expect(heard.isCut).toBe(true)
  })
})
