import { expect, inject, test } from 'vitest'
import { randomEvents, randomFrom, type Shape } from '../../../testing/src/random-history.ts'
import { smallHistory } from '../../../testing/src/small-history.ts'
import { partition } from '../../src/encoding/partition.ts'
import { encodeRegister } from '../../src/register/encoding/encode.ts'
import { chainZones } from '../../src/register/linearizable/distinct/chain-zones.ts'
import { faultOfWitness } from '../../src/register/replay/replay.ts'
import { isLinearizable, operationsOf, type Reading } from '../brute-force.ts'
import { historyOf } from '../checking.ts'
import { many, manyOf } from '../many.ts'
import { plainSearch } from '../plain-search.ts'

const drop: Reading = { initial: null, failedCas: 'drop' }
const baseSeed = inject('seed')
const stores = ['atomic', 'replicas', 'stale', 'scattered'] as const

function shapeFrom(random: () => number, operations: number): Shape {
  const below = (n: number): number => Math.floor(random() * n)
  return {
    processes: 2 + below(4),
    operations,
    keys: 1,
    values: 0,
    cas: true,
    store: random() < 0.5 ? 'atomic' : stores[below(stores.length)]!,
    unknown: random() < 0.5 ? 0.2 : 0,
    failed: random() < 0.5 ? 0.15 : 0,
    mutated: random() < 0.5 ? 2 / operations : 0,
  }
}

const decide = (history: ReturnType<typeof smallHistory>): string => {
  const { encoded, decoder } = encodeRegister(history, drop)
  const [part] = partition(encoded)
  const answer = chainZones(part!)
  if (answer.result !== 'met') return answer.result
  return faultOfWitness(part!, answer.order(), 'real time', decoder.value) ?? 'met'
}

function compare(
  histories: number,
  size: (random: () => number) => number,
  judge: typeof isLinearizable | undefined,
): void {
  const count = { met: 0, violated: 0 }
  for (let n = 0; n < histories; n++) {
    const seed = baseSeed + n
    const random = randomFrom(seed)
    const events = randomEvents(shapeFrom(random, size(random)), random)
    const history = smallHistory(events)
    const result = decide(history)
    if (result === 'not applicable') continue
    const holds = judge === undefined ? plainSearch(operationsOf(history, drop), null, 3_000) : judge(history, drop)
    if (holds === undefined) continue
    const expected = holds ? 'met' : 'violated'
    if (result !== expected) {
      expect.fail(
        `seed ${seed}: ${expected}, not ${result}\n${events.map((event) => JSON.stringify(event)).join('\n')}`,
      )
    }
    count[expected]++
  }
  expect(count.met, JSON.stringify(count)).toBeGreaterThan(histories * 0.15)
  expect(count.violated, JSON.stringify(count)).toBeGreaterThan(histories * 0.05)
}

test(`chainZones agrees with brute force on ${manyOf(20_000)} small random histories, and returns only legal orders`, () => {
  compare(many(20_000), (random) => 3 + Math.floor(random() * 6), isLinearizable)
})

test(`chainZones agrees with a search without reductions on ${manyOf(2_000)} histories of 20 to 80 operations`, () => {
  compare(many(2_000), (random) => 20 + Math.floor(random() * 60), undefined)
})

const decided = (...rows: readonly string[]): string => decide(historyOf(...rows))

test('chainZones refutes two cas that replace the value of a single write', () => {
  expect(decided('w1| c12----|', '    c13----|')).toBe('violated')
  expect(decided('w1| c12----|', '    c23----|')).toBe('met')
})

test('chainZones infers that a cas of unknown outcome took effect if another cas replaced the value that it wrote', () => {
  expect(decided('w1| c12?', '         c23-|')).toBe('met')
  expect(decided('w1| c12?', '         c23-| r1|')).toBe('violated')
  expect(decided('w1| c12?', '         r1|')).toBe('met')
})

test('chainZones refutes two cas that each replace the value that the other writes', () => {
  expect(decided('c12---|', 'c21---|')).toBe('violated')
})

test('chainZones refutes another write between a write and the cas that replaces its value', () => {
  expect(decided('w1| w2| c13|')).toBe('violated')
  expect(decided('w1---| c13|', 'w2---|')).toBe('met')
})
