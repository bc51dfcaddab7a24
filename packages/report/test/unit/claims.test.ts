import type { Counterexample } from '@chaosproxy/checker'
import { linksBetween } from '@chaosproxy/faults'
import type { FaultSpan } from '@chaosproxy/runner/result'
import { describe, expect, test } from 'vitest'
import { type Made, made, ms, report, summary, violated } from '../../../testing/src/timeline.ts'
import type { Claim } from '../../src/claims/claim.ts'
import type { Recorded } from '../../src/claims/recorded.ts'
import { holds } from '../../src/claims/registry.ts'
import { factsOf } from '../../src/facts/facts.ts'

// Checks each kind of claim against a record that confirms it, and against records that do not.

const ran = (...operations: readonly Made[]): Recorded => ({ history: made(operations), faults: [] })

type Operation = Omit<Made, 'p' | 'from' | 'to'> & { readonly p?: number }

/** Operations one after another, 1 ms each. The first is called at 10 ms. */
const inTurn = (...operations: readonly Operation[]): readonly Made[] =>
  operations.map((operation, i) => ({ p: i, key: 'x', ...operation, from: ms(10 * (i + 1)), to: ms(10 * (i + 1) + 1) }))

const span = (kind: string, from: number, to: number, more: Partial<FaultSpan> = {}): FaultSpan => ({
  ...{ kind, label: kind, nodes: [], links: [], hits: 1 },
  ...{ from: ms(from), to: ms(to) },
  ...more,
})

const write = (value: number, more: Partial<Operation> = {}): Operation => ({
  f: 'write',
  in: value,
  node: 'n1',
  ...more,
})
const read = (value: number | null, more: Partial<Operation> = {}): Operation => ({
  f: 'read',
  out: value,
  node: 'n1',
  ...more,
})
const last = { final: true } as const

describe('a claim of a loss', () => {
  const lost: Claim = { claim: 'lost', of: 'writes', changes: [1], least: 1 }
  const told = (...after: readonly Operation[]) => holds(ran(...inTurn(write(1), write(2), ...after)), lost)

  test('the claim that a write is lost holds if all final reads show an older value', () => {
    expect(told(read(1, last), read(1, { ...last, node: 'n2' }))).toBe('holds')
  })

  test('the claim that a write is lost is refuted if a final read at one node still shows it', () => {
    expect(told(read(1, last), read(2, { ...last, node: 'n2' }))).toBe('refuted')
  })

  test('the claim that a write is lost is refuted if a write of unknown outcome may have restored the old value', () => {
    expect(told(write(1, { type: 'info', error: 'timeout' }), read(1, last))).toBe('refuted')
  })

  test('the claim that a write is lost is unknown if nothing was read after the write', () => {
    expect(told(read(1))).toBe('unknown')
  })
})

test('the claim of a lost element holds if all final reads lack the element', () => {
  const lost: Claim = { claim: 'lost', of: 'elements', changes: [0], least: 1 }
  const told = (...sets: readonly (readonly number[])[]) =>
    holds(ran(...inTurn({ f: 'add', in: 7 }, ...sets.map((out) => ({ f: 'read', out, final: true })))), lost)
  expect(told([], [])).toBe('holds')
  expect(told([], [7])).toBe('refuted')
  expect(told()).toBe('unknown')
})

test('the claim of lost messages holds if the queue was found empty and no dequeue may have taken them', () => {
  const lost: Claim = { claim: 'lost', of: 'messages', changes: [0, 1], least: 2 }
  const told = (...after: readonly Operation[]) =>
    holds(ran(...inTurn({ f: 'enqueue', in: 1 }, { f: 'enqueue', in: 2 }, ...after)), lost)
  expect(told({ f: 'drain', out: [] })).toBe('holds')
  expect(told({ f: 'drain', out: [2] })).toBe('refuted')
  // A dequeue of unknown outcome may have taken the message.
  expect(told({ f: 'dequeue', type: 'info', error: 'timeout' }, { f: 'drain', out: [] })).toBe('refuted')
  expect(told()).toBe('unknown')
})

test('the claim of a lost send holds if polls returned a later message but not the lost one', () => {
  const lost: Claim = { claim: 'lost', of: 'messages', changes: [0], least: 1 }
  const told = (polled: readonly (readonly number[])[]) =>
    holds(ran(...inTurn({ f: 'send', in: 7, out: 0 }, { f: 'poll', in: { x: 0 }, out: { x: polled }, key: 'y' })), lost)
  expect(told([[1, 8]])).toBe('holds')
  expect(told([[0, 7]])).toBe('refuted')
  expect(told([])).toBe('unknown')
})

test('the claim of a lost leased message holds if the message was not acknowledged and is not in the queue', () => {
  const lost: Claim = { claim: 'lost', of: 'messages', changes: [0], least: 1 }
  const told = (...after: readonly Operation[]) =>
    holds(ran(...inTurn({ f: 'enqueue', in: 7 }, { f: 'take', in: {}, out: [7, 'r'] }, ...after)), lost)
  expect(told({ f: 'remaining', out: [] })).toBe('holds')
  expect(told({ f: 'remaining', out: [7] })).toBe('refuted')
  expect(told({ f: 'ack', in: 'r' }, { f: 'remaining', out: [] })).toBe('refuted')
  expect(told()).toBe('unknown')
})

test('the claim of lost additions compares the acknowledged sum with the highest final read', () => {
  const lost: Claim = { claim: 'lost', of: 'additions', changes: [], least: 2 }
  const told = (...sums: readonly number[]) =>
    holds(ran(...inTurn({ f: 'add', in: 2 }, { f: 'add', in: 1 }, ...sums.map((out) => read(out, last)))), lost)
  expect(told(1)).toBe('holds')
  expect(told(1, 3)).toBe('refuted')
})

describe('a claim in a report', () => {
  const missing: Claim = { claim: 'missing', known: 1, read: 2 }
  const told = (...after: readonly Operation[]) => holds(ran(...inTurn(write(1), write(2), ...after)), missing)

  test('the claim of a missing write holds if the node answered with an older value after the acknowledgement', () => {
    expect(told(read(1, { node: 'n3' }))).toBe('holds')
  })

  test('the claim of a missing write is refuted if the node returned that write or a newer value', () => {
    expect(told(read(2, { node: 'n3' }))).toBe('refuted')
    const overlapping = [...inTurn(write(1), write(2)), { p: 9, f: 'read', key: 'x', out: 1, from: ms(20), to: ms(22) }]
    expect(holds(ran(...overlapping), missing)).toBe('refuted')
  })

  test('the claim that an element is missing holds if an earlier read showed the element', () => {
    const claim: Claim = { claim: 'missing', known: 0, read: 1, element: '7' }
    const seen = (...lists: readonly (readonly number[])[]) =>
      holds(ran(...inTurn(...lists.map((out) => ({ f: 'read', out })))), claim)
    expect(seen([7], [])).toBe('holds')
    expect(seen([7], [7])).toBe('refuted')
  })
})

test('the claim that a write was lost in a kill holds if the kill followed the acknowledgement', () => {
  const history = made(inTurn(write(1), write(2), read(1)))
  const told = (from: number, to: number, nodes: readonly string[] = ['n1']) => {
    const fault = span('kill', from, to, { nodes })
    return holds({ history, faults: [fault] }, { claim: 'came back without', change: 1, read: 2, fault })
  }
  expect(told(22, 28)).toBe('holds')
  // The node was killed while its acknowledgement was in transit.
  expect(told(20.5, 28)).toBe('holds')
  // The node acknowledged the change after its restart.
  expect(told(15, 18)).toBe('refuted')
  expect(told(22, 28, ['n2'])).toBe('refuted')
  expect(told(22, 40)).toBe('refuted')
})

test('the claim of a repeated delivery holds if a message was dequeued more often than enqueued', () => {
  const twice: Claim = { claim: 'handed out twice', of: 'messages', handed: [{ key: 'x', value: 7, times: 2 }] }
  const taken = { f: 'dequeue', out: 7 }
  const put = { f: 'enqueue', in: 7 }
  expect(holds(ran(...inTurn(put, taken, taken)), twice)).toBe('holds')
  expect(holds(ran(...inTurn(put, put, taken, taken)), twice)).toBe('refuted')
  expect(holds(ran(...inTurn(put, taken)), twice)).toBe('refuted')
  // A lease may have expired.
  expect(holds(ran(...inTurn(put, taken, { f: 'nack', in: 'r' }, taken)), twice)).toBe('unknown')
})

test('the claim of a duplicate id holds if two clients received the id', () => {
  const twice: Claim = { claim: 'handed out twice', of: 'ids', handed: [{ key: undefined, value: 7, times: 2 }] }
  const ids = (...given: readonly number[]) =>
    holds(ran(...given.map((out, i) => ({ p: i, f: 'generate', out, from: ms(i), to: ms(i) + 1 }))), twice)
  expect(ids(7, 7)).toBe('holds')
  expect(ids(7, 8)).toBe('refuted')
})

test('the claim of the slowest recovery counts only faults that took effect', () => {
  const recorded = {
    ...ran(...inTurn(write(1), write(2))),
    faults: [span('kill', 2, 3), span('pause', 12, 13), span('kill', 0, 1, { hits: 0 })],
  }
  const told = (millis: number) => holds(recorded, { claim: 'slowest recovery', nanos: ms(millis) })
  expect(told(9)).toBe('holds')
  expect(told(11)).toBe('refuted')
})

test('the claim that no majority was up holds if too many nodes were killed, paused or cut off', () => {
  const { spec } = summary({})
  const told = (share: number, faults: readonly FaultSpan[]) =>
    holds(
      { history: made(inTurn(write(1))), faults, spec: { ...spec, nodes: 3 }, durationNanos: ms(100) },
      { claim: 'no majority up', share },
    )
  const killed = span('kill', 10, 30, { nodes: ['n1'] })
  expect(told(0.1, [killed, span('pause', 20, 40, { nodes: ['n2'] })])).toBe('holds')
  expect(told(0.2, [killed])).toBe('refuted')
  expect(told(0.2, [span('partition', 0, 20, { links: linksBetween([['n1'], ['n2'], ['n3']]) })])).toBe('holds')
  expect(told(0.1, [{ ...killed, perhapsUntil: ms(60) }])).toBe('unknown')
})

test('the claim that a fault is the cause holds if it hit both nodes between the write and the read', () => {
  const recorded = ran(...inTurn(write(1), write(2), read(1, { node: 'n3' })))
  const told = (fault: FaultSpan) => holds(recorded, { claim: 'blamed on a fault', fault, between: [1, 2] })
  const links = linksBetween([['n1'], ['n3']])
  expect(told(span('partition', 15, 25, { links }))).toBe('holds')
  expect(told(span('partition', 15, 25, { links, hits: 0 }))).toBe('refuted')
  expect(told(span('partition', 1, 15, { links }))).toBe('refuted')
  expect(told(span('partition', 40, 50, { links }))).toBe('refuted')
  expect(told(span('kill', 15, 25, { nodes: ['n2'] }))).toBe('refuted')
  // Damaged data on a disk stays damaged.
  expect(told(span('flip-bit', 1, 2, { nodes: ['n3'] }))).toBe('holds')
})

test('the claim that settings allow a violation holds if a change of the settings promises the violated level', () => {
  const { spec } = summary({})
  const recorded = { ...ran(), spec: { ...spec, target: { name: 't', settings: { sync: 0 } } }, promised: 'eventual' }
  const told = (sync: number, promise: string) =>
    holds(recorded, { claim: 'the settings allow', change: { sync }, promise })
  expect(told(2, 'linearizable')).toBe('holds')
  expect(told(0, 'linearizable')).toBe('refuted')
  expect(told(2, 'eventual')).toBe('refuted')
  expect(holds(ran(), { claim: 'the settings allow', change: {}, promise: 'linearizable' })).toBe('unknown')
})

describe('a headline or cause that the history refutes', () => {
  const contradiction = (culprit: number, level = 'linearizable'): Counterexample => ({
    ...{ level, sentence: 'It cannot be.', keys: ['x'], culprit },
    operations: Array.from({ length: culprit + 1 }, (_, operation) => ({ operation, role: 'core' })),
  })

  test('if the history refutes the loss of a write, the headline says that the write was missing at a node', () => {
    const history = made(inTurn(write(1), write(2), read(1, { node: 'n3' }), read(2, last)))
    const judged = {
      ...report('violated', {
        linearizable: violated(contradiction(2)),
        eventual: violated(contradiction(2, 'eventual')),
      }),
      lost: [{ key: 'x', value: 2, operation: 1 }],
    }
    const { headline, claims } = factsOf({ history, report: judged })
    expect(headline.title).toBe("p1's confirmed write was missing at n3")
    expect(claims.map(({ claim, held }) => [claim.claim, held])).toEqual([
      ['lost', 'refuted'],
      ['missing', 'holds'],
    ])
  })

  test('a killed node is said to come back without a write only if it was up when the write was acknowledged', () => {
    const history = made(inTurn(write(1), write(2), read(1)))
    const judged = report('violated', { linearizable: violated(contradiction(2)) })
    const why = (from: number, nodes: readonly [string, ...string[]] = ['n1']) => {
      const faults = [{ id: 'f', fault: { kind: 'kill', nodes } as const, from: ms(from), to: ms(26), hits: 1 }]
      return factsOf({ history, report: judged, run: summary({ report: judged, faults }) }).why.text
    }
    expect(why(22)).toBe('n1 was killed at 0.022 s and came back without x = 2.')
    expect(why(15)).not.toMatch(/came back without/)
    expect(why(22, ['n1', 'n2', 'n3'])).toBe(
      'n1 was killed at 0.022 s together with n2 and n3, and came back without x = 2.',
    )
  })
})
