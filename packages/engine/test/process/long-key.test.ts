import { type ApartAnswer, judgeApart } from '@chaosproxy/checker'
import { type EventInput, HistoryBuilder, historyFromEvents, historyOfPlace, NULL } from '@chaosproxy/history'
import type { PackedRecording } from '@chaosproxy/history/files'
import { expect, inject, test } from 'vitest'
import { Packer } from '../../../history/src/packed/packer.ts'
import { randomEvents, randomFrom } from '../../../testing/src/random-history.ts'
import { judgePlaces } from '../../src/check/apart.ts'
import { dealingOf } from '../../src/check/dealing.ts'
import { USUAL_CHECK } from '../../src/check/judged.ts'
import { judgeLongKeys } from '../../src/check/long-key.ts'
import { checkOptionsFor } from '../../src/check/options.ts'

const seed = inject('seed')
const file = 'long.jsonl'
const judging = { file, settings: USUAL_CHECK, leftMs: () => 20_000 }
const EVERY = 1

/** Packs the events in batches of random size, as a reader packs its buffers. The packed rows are then out of order. */
function packedOf(events: readonly EventInput[], random: () => number): PackedRecording {
  const builder = new HistoryBuilder({ source: file, format: 'jsonl', shared: true })
  const packer = new Packer(builder, dealingOf(1))
  for (const event of events) {
    builder.event(event)
    if (random() < 0.2) packer.pack()
  }
  const { history, packed } = packer.end()
  const rest = history.lend?.()
  if (rest === undefined) throw new Error('this history cannot be passed to another thread')
  return { rest, packed: [packed] }
}

/** Judges all keys of the recording together, as one history. */
function unpacked({ rest, packed }: PackedRecording): ApartAnswer {
  const history = historyOfPlace(rest, packed, 0)
  return judgeApart(history, { ...checkOptionsFor(file, history, USUAL_CHECK, 20_000), explain: false })
}

const withoutValues = (answer: ApartAnswer): ApartAnswer =>
  answer.result === 'violated' ? { ...answer, keys: answer.keys.map(({ key }) => ({ key })) } : answer

/** Requires that a history of only the operations on the reported values violates the consistency level, too. */
function expectConflict(
  events: readonly EventInput[],
  { keys }: Extract<ApartAnswer, { readonly result: 'violated' }>,
  why: string,
): void {
  const values = keys[0]?.values ?? []
  const whole = historyFromEvents(events)
  const { input, output } = whole.operations
  const isWanted = (row: number): boolean =>
    [input[row] ?? NULL, output[row] ?? NULL].some(
      (id) => id !== NULL && values.includes(whole.values.json(id as never) as number),
    ) ||
    (values.includes(null) && input[row] === NULL && output[row] === NULL)
  const rows = Array.from(input.keys()).filter((row) => row < whole.operations.length && isWanted(row))
  expect(rows.length, why).toBeGreaterThan(0)
  const kept = new Set(rows.flatMap((row) => [whole.operations.callEvent[row], whole.operations.returnEvent[row]]))
  const some = historyFromEvents(events.filter((_, position) => kept.has(position)))
  const options = { ...checkOptionsFor(file, some, USUAL_CHECK, 20_000), explain: false }
  expect(judgeApart(some, options).result, why).toBe('violated')
}

test('a key judged in parts gets the same verdict as the key judged as a whole', () => {
  const seen = { met: 0, violated: 0, left: 0 }
  for (let n = 0; n < 400; n++) {
    const random = randomFrom(seed + n)
    const below = (most: number): number => Math.floor(random() * most)
    const events = randomEvents(
      {
        ...{ processes: 2 + below(5), operations: 6 + below(40), keys: 1, values: random() < 0.8 ? 0 : 3 },
        ...{ cas: random() < 0.05, store: (['atomic', 'atomic', 'stale', 'replicas'] as const)[below(4)] ?? 'atomic' },
        ...{ unknown: below(2) * 0.3, failed: below(2) * 0.1, mutated: below(2) * 0.1, finals: random() < 0.1 },
      },
      random,
    )
    const recording = packedOf(events, random)
    const [found] = judgeLongKeys(recording, 0, judging, EVERY).values()
    if (found === undefined) {
      seen.left++
      continue
    }
    const { answer } = found
    expect(withoutValues(answer), `${seed + n}`).toEqual(unpacked(recording))
    if (answer.result === 'violated') expectConflict(events, answer, `${seed + n}`)
    expect(judgePlaces(recording, [0], judging).signs, `${seed + n}`).toEqual(
      answer.result === 'met' ? found.signs : expect.anything(),
    )
    if (answer.result === 'met') seen.met++
    else seen.violated++
  }
  expect(Math.min(seen.met, seen.violated, seen.left)).toBeGreaterThan(60)
})

test('judgePlaces returns the same result for keys in parts as for whole keys', () => {
  const seen = new Set<string>()
  for (let n = 0; n < 100; n++) {
    const random = randomFrom(seed + n)
    const store = random() < 0.7 ? 'atomic' : 'stale'
    const shape = { processes: 4, operations: 60, values: 0, cas: false, unknown: 0.1, failed: 0.1, mutated: 0 }
    const recording = packedOf(randomEvents({ ...shape, keys: 3, store }, random), random)
    const both = [judgePlaces(recording, [0], judging, 15), judgePlaces(recording, [0], judging)] as const
    for (const { answer } of both) seen.add(answer.result)
    expect(both[0].answer.result, `${seed + n}`).toBe(both[1].answer.result)
    if (both[0].answer.result !== 'violated') expect(both[0], `${seed + n}`).toEqual(both[1])
  }
  expect([...seen].toSorted()).toEqual(['met', 'violated'])
})

const call = (process: number, f: string, value: number | null): EventInput => ({ process, type: 'invoke', f, value })
const answer = (process: number, f: string, value: number | null, type: 'ok' | 'info' | 'fail' = 'ok'): EventInput => ({
  ...{ process, type, f, value },
})

/** Two writes of different values, so that reads can differ. */
const SOME = [call(8, 'write', 100), answer(8, 'write', 100), call(8, 'write', 101), answer(8, 'write', 101)]

test.each<[string, readonly EventInput[], 'met' | 'violated' | undefined]>([
  [
    'a read before its write',
    [call(0, 'read', null), answer(0, 'read', 7), call(1, 'write', 7), answer(1, 'write', 7)],
    'violated',
  ],
  [
    'a read that one of two writes of the value explains',
    [
      ...[call(0, 'write', 7), call(1, 'read', null), answer(1, 'read', 7), call(2, 'write', 7), answer(2, 'write', 7)],
      answer(0, 'write', 7),
    ],
    undefined,
  ],
  ['a value that nobody wrote', [call(0, 'read', null), answer(0, 'read', 9)], 'violated'],
  [
    'a value whose only write failed',
    [call(0, 'write', 9), answer(0, 'write', 9, 'fail'), call(1, 'read', null), answer(1, 'read', 9)],
    'violated',
  ],
  [
    'a value whose write has no known outcome',
    [call(0, 'write', 9), answer(0, 'write', 9, 'info'), call(1, 'read', null), answer(1, 'read', 9)],
    'met',
  ],
  ['the initial value after a write', [call(1, 'read', null), answer(1, 'read', null)], 'violated'],
  ['values far apart', [call(0, 'write', 900_000), answer(0, 'write', 900_000)], undefined],
  [
    'a negative value',
    [call(0, 'write', -3), answer(0, 'write', -3), call(0, 'read', null), answer(0, 'read', -3)],
    'met',
  ],
])('a key judged in parts gets the expected verdict: %s', (_, events, expected) => {
  const recording = packedOf([...SOME, ...events], () => 0)
  const [found] = judgeLongKeys(recording, 0, judging, EVERY).values()
  expect(found?.answer.result).toBe(expected)
  if (found === undefined) return
  expect(unpacked(recording)).toEqual(withoutValues(found.answer))
  if (found.answer.result === 'violated') expectConflict([...SOME, ...events], found.answer, 'alone')
})
