import { type EventInput, type History, keyName } from '@chaosproxy/history'
import { expect, inject, test } from 'vitest'
import { randomEvents, randomFrom } from '../../../testing/src/random-history.ts'
import { smallHistory } from '../../../testing/src/small-history.ts'
import type { Encoded } from '../../src/encoding/encoded.ts'
import { partition } from '../../src/encoding/partition.ts'
import { unlimited } from '../../src/limits/budget.ts'
import { encodeRegister } from '../../src/register/encoding/encode.ts'
import { orderAppends } from '../../src/register/linearizable/distinct/append-zones.ts'
import { createSearch } from '../../src/register/linearizable/search/search.ts'
import { areAppendsInOrder } from '../../src/register/replay/text-replay.ts'
import { operationsOf, type Reading } from '../brute-force.ts'
import { checkHistory } from '../checking.ts'
import { atLeast, many } from '../many.ts'
import { plainSearch } from '../plain-search.ts'
import { faultOfOrder } from '../witness.ts'

const baseSeed = inject('seed')

/** Functions that return the piece of text that the nth append adds to a key. */
const spellings: readonly ((n: number) => string)[] = [
  (n) => `a${n} `,
  (n) => `${n}\n`,
  (n) => `"${n}"`,
  (n) => `é${n}ü`,
  (n) => String.fromCodePoint(0x1f600 + n),
  (n) => String.fromCharCode(0x4e00 + n, 0xac00 + n),
  (n) => String(1000 + n),
  (n) => `${'ab'.repeat(n % 3)}c${n}.`,
  // The following pieces are ambiguous: a text does not always show which appends wrote it.
  (n) => `${n % 2 === 0 ? '\ud83d' : '\ude00'}${n} `,
  (n) => (n % 2 === 0 ? `${n}\ud83d` : `\ude00${n}`),
  (n) => 'ab'.repeat(n + 1),
  (n) => `${n % 9} `,
  (n) => (n % 7 === 3 ? '' : `${n} `),
]

/** Returns a random history of a few strings, and their initial value. The nth piece is the same in every string. */
function caseOf(seed: number, operations: number): { readonly history: History; readonly reading: Reading } {
  const random = randomFrom(seed)
  const below = (n: number): number => Math.floor(random() * n)
  const spelling = spellings[below(spellings.length)]!
  const events = randomEvents(
    {
      processes: 2 + below(5),
      operations,
      keys: 1 + below(3),
      values: 0,
      cas: false,
      append: true,
      store: random() < 0.7 ? 'atomic' : 'stale',
      unknown: random() < 0.5 ? 0.15 : 0,
      failed: random() < 0.3 ? 0.1 : 0,
      mutated: random() < 0.4 ? 3 / operations : 0,
    },
    random,
  )
  const places = new Map<string | undefined, string[]>()
  const respelled = events.map((event): EventInput => {
    const known = places.get(keyName(event.key)) ?? []
    places.set(keyName(event.key), known)
    if (typeof event.value !== 'string') return event
    const value = event.value.replaceAll(/v\d+ /g, (piece) => {
      if (!known.includes(piece)) known.push(piece)
      return spelling(known.indexOf(piece))
    })
    return { ...event, value }
  })
  const reading: Reading = { initial: random() < 0.7 ? '' : null, failedCas: 'drop' }
  return { history: smallHistory(respelled), reading }
}

/**
 * Decides short histories by the definition. Decides longer ones by the depth-first search, which works on strings, not
 * on bytes.
 */
function isMet(history: History, reading: Reading, { encoded, jsonOf }: Strings): boolean | undefined {
  if (history.operations.length < 12) {
    const operations = operationsOf(history, reading)
    const keys = new Set(operations.map(({ key }) => key))
    const onKey = (name: string): typeof operations => operations.filter(({ key }) => key === name)
    return [...keys].every((key) => plainSearch(onKey(key), reading.initial, 1_000_000) === true)
  }
  let open = false
  for (const part of partition(encoded)) {
    const search = createSearch(part, jsonOf, unlimited)
    const progress = search.run(20_000)
    search.release()
    if (progress === 'violated') return false
    open ||= progress !== 'met'
  }
  return open ? undefined : true
}

interface Strings {
  readonly encoded: Encoded
  readonly jsonOf: (name: number) => ReturnType<History['values']['json']>
}

test.each([
  { operations: 9, histories: many(1_500) },
  { operations: 90, histories: many(400) },
])(
  'verdicts on appended strings of several keys agree with a search ($histories histories of up to $operations operations)',
  ({ operations, histories }) => {
    const count = { clear: 0, met: 0, violated: 0 }
    for (let n = 0; n < histories; n++) {
      const seed = baseSeed + n
      const { history, reading } = caseOf(seed, 3 + (seed % operations))
      const { encoded, decoder } = encodeRegister(history, reading)
      const verdict = checkHistory(history, { initial: reading.initial, levels: ['linearizable'] }).levels.linearizable
      const expected = isMet(history, reading, { encoded, jsonOf: decoder.value })
      if (expected !== undefined && verdict.result !== (expected ? 'met' : 'violated')) {
        expect.fail(`seed ${seed}: ${verdict.result}, but an order ${expected ? 'was found' : 'is impossible'}`)
      }
      if (verdict.result === 'met' && verdict.witness.kind === 'order') {
        const fault = faultOfOrder(history, verdict.witness.orders, 'real time', reading)
        if (fault !== undefined) expect.fail(`seed ${seed}: ${fault}`)
      }
      if (verdict.result !== 'unknown') count[verdict.result]++
      if (orderAppends(encoded)?.isUnclear.includes(1) === false) count.clear++
    }
    expect(count.clear, JSON.stringify(count)).toBeGreaterThan(histories / 4)
    expect(count.met, JSON.stringify(count)).toBeGreaterThan(histories / 4)
    expect(count.violated, JSON.stringify(count)).toBeGreaterThan(histories / 20)
  },
)

test('areAppendsInOrder accepts a randomly changed order exactly if it is a witness', () => {
  const count = { right: 0, wrong: 0 }
  for (let n = 0; n < many(600); n++) {
    const seed = baseSeed + n
    const { history, reading } = caseOf(seed, 3 + (seed % 30))
    const { encoded, decoder } = encodeRegister(history, reading)
    const found = orderAppends(encoded)
    if (found === undefined || found.isUnclear.includes(1) || found.isViolated.includes(1)) continue
    const random = randomFrom(seed)
    const order = found.order.slice()
    const at = Math.floor(random() * order.length)
    const other = random() < 0.7 ? at + 1 : Math.floor(random() * order.length)
    if (random() < 0.8 && other < order.length) [order[at], order[other]] = [order[other]!, order[at]!]
    else if (random() < 0.5) order[at] = order[0]!
    const orders = Array.from({ length: encoded.keys }, (_, k) => ({
      key: decoder.keyName(k),
      operations: Array.from(order.subarray(found.starts[k], found.starts[k + 1]), (i) => encoded.row[i]!),
    }))
    const isRight =
      faultOfOrder(history, orders, 'real time', reading) === undefined &&
      orders.every(({ operations }, k) => operations.every((row) => encoded.key[encoded.row.indexOf(row)] === k))
    expect(areAppendsInOrder(encoded, { ...found, order }), `seed ${seed}`).toBe(isRight)
    count[isRight ? 'right' : 'wrong']++
  }
  expect(count.right, JSON.stringify(count)).toBeGreaterThan(atLeast(50))
  expect(count.wrong, JSON.stringify(count)).toBeGreaterThan(atLeast(50))
})

test.each([
  ['half of a piece', ['a12 '], 'a1'],
  ['a piece and a half', ['a12 ', 'a13 '], 'a12 a1'],
  ['half of a piece where all pieces have one size', ['abc', 'abd', 'xyz'], 'abcx'],
])('check reports a violation for a read of %s', (_, pieces, text) => {
  const done = (f: string, value: string | null, read: string | null = value): EventInput[] => [
    { process: 0, type: 'invoke', f, value },
    { process: 0, type: 'ok', f, value: read },
  ]
  const appends = pieces.flatMap((piece) => done('append', piece))
  const read = (value: string): EventInput[] => done('read', null, value)
  const judged = (events: readonly EventInput[]): string => {
    const history = smallHistory(events)
    expect(orderAppends(encodeRegister(history, { initial: '', failedCas: 'drop' }).encoded)?.isUnclear[0]).toBe(0)
    return checkHistory(history, { initial: '', levels: ['linearizable'] }).levels.linearizable.result
  }
  expect(judged([...appends, ...read(pieces.join(''))])).toBe('met')
  expect(judged([...appends, ...read(pieces.join('')), ...read(text)])).toBe('violated')
  expect(judged([...appends, ...read(text)])).toBe('violated')
})
