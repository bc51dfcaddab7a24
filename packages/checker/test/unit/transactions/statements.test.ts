import { historyFromObjects, type Json, millis } from '@chaosproxy/history'
import { expect, inject, test } from 'vitest'
import { randomFrom } from '../../../../testing/src/random-history.ts'
import { areStatements, asStatements, check, levelsOf } from '../../../src/index.ts'
import { many, manyOf } from '../../many.ts'

/** A client's command, with the times of its call and its answer in milliseconds. */
type Did = readonly [client: number, f: string, key: string, value: Json, from: number, to: number]

function recorded(all: readonly Did[]) {
  const events = all.flatMap(([process, f, key, value, from, to]) => [
    { process, type: 'invoke', f, key, time: from * 1e6, value: f === 'read' ? null : value },
    { process, type: 'ok', f, key, time: to * 1e6, value },
  ])
  events.sort((a, b) => a.time - b.time)
  return historyFromObjects([{ chaos: 1, model: 'register', initial: 'unknown', workload: 'traffic' }, ...events])
}

function judged(all: readonly Did[]) {
  const history = recorded(all)
  expect(areStatements(history)).toBe(true)
  const statements = asStatements(history)
  return check(statements, {
    ...{ model: 'rw-register', initial: 'unknown', levels: levelsOf('rw-register', statements), unit: 'connection' },
    ...{ deadlineMs: millis(20_000), memoryBytes: 1e9, now: () => millis(performance.now()) },
  }).levels
}

const lost: readonly Did[] = [
  [0, 'write', 'x', '100', 0, 1],
  [0, 'read', 'x', '100', 30, 31],
  [1, 'read', 'x', '100', 32, 33],
  [0, 'write', 'x', '93', 34, 35],
  [1, 'write', 'x', '95', 36, 37],
]

test('GET and SET on two connections are a lost update if both connections read before either of them writes', () => {
  const { serializable, 'read-committed': committed } = judged(lost)
  expect(serializable).toMatchObject({
    result: 'violated',
    counterexample: {
      sentence: expect.stringMatching(/^Operations that belong together are not one: Lost update/),
      story: { cure: expect.stringContaining('WATCH with MULTI') },
    },
  })
  expect(committed!.result).toBe('met')
})

test.each<readonly [string, readonly Did[]]>([
  [
    'one after the other',
    [lost[0]!, lost[1]!, lost[3]!, [1, 'read', 'x', '93', 36, 37], [1, 'write', 'x', '88', 38, 39]],
  ],
  ['an idle connection in between', [lost[0]!, lost[1]!, lost[2]!, lost[3]!, [1, 'write', 'x', '95', 60, 61]]],
  [
    'INCR, of which only the new value is known',
    [lost[0]!, [0, 'cas', 'x', ['101'], 30, 34], [1, 'cas', 'x', ['102'], 31, 35]],
  ],
])('GET and SET on two connections are not reported as a lost update: %s', (_, all) => {
  expect(judged(all)['serializable']!.result).toBe('met')
})

test(`${manyOf(300)} recordings of connections that lock a key before they read the key violate no level`, () => {
  const first = inject('seed') * 10_000
  for (let seed = first; seed < first + many(300); seed++) {
    const random = randomFrom(seed)
    const below = (n: number): number => Math.floor(random() * n)
    const held: { [key: string]: string } = { x: '0', y: '0' }
    const all: Did[] = Object.keys(held).map((key, at) => [0, 'write', key, '0', at, at + 0.5])
    let time = 30
    for (let unit = 0; unit < 6; unit++) {
      const client = below(3)
      for (let n = 1 + below(3); n > 0; n--) {
        const key = random() < 0.5 ? 'x' : 'y'
        const value = `${below(3)}`
        const f = random() < 0.5 ? 'read' : random() < 0.5 ? 'write' : 'cas'
        all.push([
          client,
          f,
          key,
          f === 'read' ? held[key]! : f === 'write' ? value : [held[key]!, value],
          time,
          time + 1,
        ])
        if (f !== 'read') held[key] = value
        time += 1.5
      }
      time += 12
    }
    const { result } = judged(all)['strict-serializable']!
    expect(result, `seed ${seed}`).not.toBe('violated')
  }
})

test('areStatements returns false for a history of a set and for a header without a workload', () => {
  const event = { process: 0, type: 'invoke', f: 'add', key: 'x', value: 1 }
  expect(areStatements(historyFromObjects([{ chaos: 1, model: 'set', workload: 'traffic' }, event]))).toBe(false)
  expect(areStatements(historyFromObjects([{ chaos: 1 }, { ...event, f: 'read', value: null }]))).toBe(false)
})
