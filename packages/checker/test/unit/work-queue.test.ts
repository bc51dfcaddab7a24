import type { EventInput, Json } from '@chaosproxy/history'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Guarantee, guarantees, workQueueLadder } from '../../src/work-queue/guarantees.ts'
import { judgingBy, withResult } from '../judged-guarantees.ts'
import { many, manyOf } from '../many.ts'

/** An operation with the times of its call and return in ms. */
interface Operation {
  readonly p: number
  readonly f: 'enqueue' | 'take' | 'ack' | 'nack' | 'remaining'
  readonly input: Json
  readonly type: 'ok' | 'fail' | 'info'
  readonly output: Json
  readonly from: number
  readonly to: number
}

const NANOS_PER_MS = 1e6

function eventsOf(operations: readonly Operation[]): EventInput[] {
  return operations
    .flatMap(({ p: process, f, input, type, output, from, to }) => [
      { at: from, event: { process, f, type: 'invoke', value: input, time: from * NANOS_PER_MS } as const },
      { at: to, event: { process, f, type, value: output, time: to * NANOS_PER_MS } as const },
    ])
    .sort((a, b) => a.at - b.at)
    .map(({ event }) => event)
}

const choicesOf = (choices: readonly number[]) => {
  let at = 0
  return { pick: (n: number): number => (choices[at++] ?? 0) % n, left: () => at < choices.length }
}

const judged = judgingBy('work-queue', workQueueLadder.levels)
const judge = (operations: readonly Operation[]) => judged(eventsOf(operations))

const isJudged = (operations: readonly Operation[]): boolean => {
  const did = (...names: readonly string[]) => operations.some(({ f, type }) => names.includes(f) && type === 'ok')
  return did('enqueue') && did('take', 'remaining')
}

/** The guarantee that each mistake breaks. */
const mistakes = {
  'forgets a message': 'no-lost-messages',
  'forgets an acknowledgement': 'no-handouts-after-ack',
  'ends a lease too early': 'no-double-leases',
  'hands out the newest message': 'first-in-first-out',
  'hands out what it refused': 'no-invented-messages',
} as const satisfies { readonly [mistake: string]: Guarantee }

type Mistake = keyof typeof mistakes

/**
 * Returns the operations of clients of a broker that leases each message for 50 ms. Some clients die while they hold a
 * message.
 */
function served(choices: readonly number[], mistake?: Mistake): Operation[] {
  const { pick, left } = choicesOf(choices)
  const LEASE_MS = 50
  const operations: Operation[] = []
  const waiting: number[] = []
  const leased = new Map<number, number>()
  const has: (number | undefined)[] = [undefined, undefined, undefined]
  const processes = [0, 1, 2]
  const freeFrom = [0, 0, 0]
  let now = 1
  let next = 1
  const isWrong = (what: Mistake) => mistake === what && pick(4) === 0
  const take = (): number | undefined => {
    const ended = [...leased].find(([, until]) => until <= now || isWrong('ends a lease too early'))?.[0]
    const fresh = isWrong('hands out the newest message') ? waiting.pop() : waiting.shift()
    if (ended === undefined) return fresh
    if (fresh !== undefined) waiting.unshift(fresh)
    return ended
  }
  while (left()) {
    const client = pick(3)
    // The broker acts between an operation's call and its answer, in the order of this loop.
    now += 1 + pick(12)
    const at = now
    if (at <= (freeFrom[client] ?? 0) + 1) continue
    const from = at - 0.5
    const to = at + 0.25 + pick(2) * 0.125
    freeFrom[client] = to
    const isLost = pick(8) === 0
    const p = processes[client] ?? 0
    const common = { p, type: isLost ? 'info' : 'ok', from, to } as const
    const own = has[client]
    if (own !== undefined && pick(3) > 0) {
      const f = pick(4) === 0 ? 'nack' : 'ack'
      // After the lease, another client may already have acknowledged the message.
      const isHeld = leased.has(own)
      if (f === 'ack' && !isWrong('forgets an acknowledgement')) leased.delete(own)
      if (f === 'nack' && isHeld) leased.set(own, 0)
      const type = isHeld || isLost ? common.type : 'fail'
      operations.push({ ...common, type, f, input: `r${own}`, output: `r${own}` })
      has[client] = undefined
    } else if (pick(2) === 0) {
      const value = next++
      const isRefused = pick(6) === 0
      if (isRefused ? isWrong('hands out what it refused') : !isWrong('forgets a message')) waiting.push(value)
      operations.push({ ...common, type: isRefused ? 'fail' : common.type, f: 'enqueue', input: value, output: value })
    } else {
      const taken = take()
      if (taken !== undefined) leased.set(taken, now + LEASE_MS)
      has[client] = isLost ? undefined : taken
      operations.push({
        ...common,
        f: 'take',
        input: LEASE_MS,
        output: taken === undefined || isLost ? null : [taken, `r${taken}`],
      })
    }
    if (isLost || pick(20) === 0) {
      processes[client] = Math.max(...processes) + 1
      has[client] = undefined
    }
  }
  now += 100
  const rest = [...leased.keys(), ...waiting]
  operations.push({ p: 99, f: 'remaining', input: null, type: 'ok', output: rest, from: now, to: now + 1 })
  return operations
}

test(`check finds no violation in ${manyOf(4_000)} histories of a correct queue whose consumers crash`, () => {
  fc.assert(
    fc.property(fc.array(fc.nat(999), { minLength: 60, maxLength: 400 }), (choices) => {
      const operations = served(choices)
      const broken = isJudged(operations) ? withResult(guarantees, judge(operations), 'violated') : []
      // A message that is not acknowledged in time is delivered again.
      expect(broken.filter((each) => each !== 'no-repeats')).toEqual([])
    }),
    { numRuns: many(4_000), seed: 1 },
  )
})

test.each(Object.entries(mistakes) as [Mistake, Guarantee][])(
  'check reports that a queue that %s violates %s',
  (mistake, guarantee) => {
    const long = fc.array(fc.nat(999), { minLength: 500, maxLength: 600 })
    const counts = fc
      .sample(long, { numRuns: 40, seed: 1 })
      .filter((choices) => withResult(guarantees, judge(served(choices, mistake)), 'violated').includes(guarantee))
    expect(counts.length).toBeGreaterThan(1)
  },
)

describe('the verdict on a queue', () => {
  const put = (value: number, from: number): Operation => ({
    ...{ p: 0, f: 'enqueue', input: value, type: 'ok', output: value },
    ...{ from, to: from + 1 },
  })
  const took = (p: number, value: number, from: number): Operation => ({
    ...{ p, f: 'take', input: 100, type: 'ok', output: [value, `r${value}`] },
    ...{ from, to: from + 1 },
  })
  const acked = (p: number, value: number, from: number): Operation => ({
    ...{ p, f: 'ack', input: `r${value}`, type: 'ok', output: `r${value}` },
    ...{ from, to: from + 1 },
  })
  const left = (values: number[], from: number): Operation => ({
    ...{ p: 9, f: 'remaining', input: null, type: 'ok', output: values },
    ...{ from, to: from + 1 },
  })

  test.each([
    ['exactly once', [put(1, 0), took(1, 1, 2), acked(1, 1, 4), left([], 900)]],
    ['leased; hands out a message again', [put(1, 0), took(1, 1, 2), took(2, 1, 150), acked(2, 1, 160), left([], 900)]],
    [
      'at least once; hands out a message that is still leased, hands out a message again',
      [put(1, 0), took(1, 1, 2), took(2, 1, 90), acked(2, 1, 96), left([], 900)],
    ],
    [
      'at least once; hands out what was acknowledged, hands out a message again',
      [put(1, 0), took(1, 1, 2), acked(1, 1, 4), took(2, 1, 400), left([], 900)],
    ],
    ['does not deliver at least once: loses messages', [put(1, 0), took(1, 1, 2), left([], 900)]],
    ['does not deliver at least once: hands out what nobody put in', [put(1, 0), took(1, 2, 2), left([1], 900)]],
  ])('the verdict on a queue has the headline "%s"', (headline, operations) => {
    expect(judge(operations).headline).toBe(headline)
  })

  test('the verdict on a queue is unknown if no message was acknowledged and no client read the remaining messages', () => {
    const { levels } = judge([put(1, 0), took(1, 1, 2)])
    expect(levels['no-lost-messages']).toMatchObject({ result: 'unknown' })
    expect(levels['at-least-once']).toMatchObject({ result: 'unknown' })
  })

  test('the verdict on a queue names the operations that prove a message lost', () => {
    const { levels, lost } = judge([put(1, 0), took(1, 1, 2), left([], 900)])
    expect(lost).toMatchObject([{ value: 1 }])
    expect(levels['no-lost-messages']).toMatchObject({
      counterexample: {
        sentence:
          '1 was put into the queue by process 0, and confirmed; process 1 got it and did not acknowledge it, and in the end it was not there.',
      },
    })
  })

  test('the verdict on a queue states an upper bound of the time between two takes of one message', () => {
    const long: Operation = { ...took(1, 1, 2), to: 60 }
    const { levels } = judge([put(1, 0), long, { ...took(2, 1, 30), to: 40 }, left([], 900)])
    expect(levels['no-double-leases']).toMatchObject({
      counterexample: { sentence: expect.stringMatching(/got it, too, within 38 ms\.$/) },
    })
  })
})
