import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { Refused, Undecided, Unreadable, verify } from '../../src/index.ts'

// False proofs, each written by hand against one rule of the verifier. The verifier must accept none of them.

type Operation = readonly [process: number | string, f: string, input: unknown, type: 'ok' | 'fail', answer?: unknown]

/** The history of operations that do not overlap. Operation n is called on line 2n - 1. */
const oneByOne = (...operations: readonly Operation[]): string =>
  operations
    .flatMap(([process, f, value, type, answer]) => [
      { process, type: 'invoke', f, value },
      { process, type, f, ...(answer === undefined ? { value } : { value: answer }) },
    ])
    .map((event) => `${JSON.stringify(event)}\n`)
    .join('')

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

function verdictsOf(history: string, head: object, entries: readonly object[]): readonly string[] {
  const proof = [{ proof: 1, history: `sha256:${sha256(history)}`, ...head }, ...entries]
    .map((line) => `${JSON.stringify(line)}\n`)
    .join('')
  try {
    return verify({ history: [history], sha256: sha256(history), proof }).findings.map(({ verdict }) => verdict)
  } catch (error) {
    if (error instanceof Refused || error instanceof Undecided || error instanceof Unreadable) return ['refused']
    throw error
  }
}

const register = { model: 'register', initial: null, failedCas: 'drop' }
const met = (level: string, order: readonly number[]) => ({ level, result: 'met', order })
const violated = (level: string, core: readonly number[]) => ({ level, result: 'violated', core })
const written = oneByOne([0, 'write', 1, 'ok'], [0, 'read', null, 'ok', 1])
const stale = oneByOne([0, 'write', 1, 'ok'], [0, 'read', null, 'ok', 2])

/** Two reads overlap. Their processes belong to one session. */
const overlapping = [
  ['a', 'invoke', 'write', 1],
  ['a', 'ok', 'write', 1],
  ['b', 'invoke', 'write', 2],
  ['b', 'ok', 'write', 2],
  ...[0, 1].flatMap(() => [
    ['s3', 'invoke', 'read', null],
    ['s4', 'invoke', 'read', null],
    ['s3', 'ok', 'read', 1],
    ['s4', 'ok', 'read', 2],
  ]),
]
  .map(([process, type, f, value]) => {
    const session = String(process).startsWith('s') ? 'S' : `T${process}`
    return `${JSON.stringify({ process, type, f, key: 'x', value, session })}\n`
  })
  .join('')

const append = (value: unknown, answer?: unknown): Operation => [0, 'append', value, 'ok', answer]

const attacks: readonly (readonly [what: string, history: string, head: object, entry: object])[] = [
  ['an entry with an order and a core', stale, register, { ...met('linearizable', []), core: [3] }],
  [
    'an entry with final reads and an order',
    written,
    register,
    { level: 'linearizable', result: 'violated', final: true, order: [1, 2] },
  ],
  [
    'an entry with final reads and sources',
    written,
    register,
    { level: 'causal', result: 'violated', final: true, sources: [1] },
  ],
  [
    'an entry with final reads and a core that is no list',
    written,
    register,
    { level: 'linearizable', result: 'violated', final: true, core: 'x' },
  ],
  [
    'a failed cas whose missing write was appended to',
    oneByOne([0, 'write', 'b', 'ok'], append('b'), [0, 'cas', ['b', 'c'], 'fail']),
    { model: 'register', initial: '', failedCas: 'observes' },
    violated('linearizable', [3, 5]),
  ],
  [
    'an entry of a dense log at a later offset',
    oneByOne(append('a'), [0, 'read', 0, 'ok', [[5, 'a']]]),
    { model: 'dense-log', initial: null },
    met('linearizable', [1, 2]),
  ],
  [
    'two entries at one large offset',
    oneByOne(append('a', 2 ** 53), append('b', 2 ** 53)),
    { model: 'log', initial: null },
    met('linearizable', [1, 2]),
  ],
  [
    'a log that begins with entries',
    oneByOne([0, 'read', 0, 'ok', [[1, 2]]]),
    { model: 'log', initial: [[1, 2]] },
    violated('linearizable', [1]),
  ],
  ['reads of one client that overlap', overlapping, register, { level: 'pram', result: 'met', sources: [1, 3, 1, 3] }],
  [
    'a cas that was answered with other values',
    oneByOne([0, 'write', 5, 'ok'], [0, 'cas', [0, 1], 'ok', [5, 6]], [0, 'read', null, 'ok', 6]),
    register,
    violated('linearizable', [1, 3, 5]),
  ],
  [
    'an enqueue that was answered with another message',
    oneByOne([0, 'enqueue', 1, 'ok', 2], [0, 'dequeue', null, 'ok', 1]),
    { model: 'queue', initial: null },
    met('linearizable', [1, 2]),
  ],
  [
    'a write of null that was answered with a value',
    oneByOne([0, 'write', null, 'ok', 5], [0, 'read', null, 'ok', 5]),
    register,
    violated('linearizable', [1, 3]),
  ],
  [
    'another first value than the header names',
    `{"chaos":1,"model":"register","initial":null}\n${oneByOne([0, 'read', null, 'ok', 5])}`,
    { ...register, initial: 5 },
    met('linearizable', [2]),
  ],
  [
    'another model than the header names',
    `{"chaos":1,"model":"queue"}\n${oneByOne([0, 'enqueue', 1, 'ok'])}`,
    { model: 'bag', initial: null },
    met('linearizable', [2]),
  ],
  ['a second header', `{"chaos":1}\n{"chaos":1,"model":"register"}\n${written}`, register, met('linearizable', [3, 2])],
  [
    'a sum that no double holds',
    oneByOne(
      [0, 'add', 2 ** 53 - 1, 'ok'],
      [0, 'add', 2 ** 53 - 2, 'ok'],
      [0, 'dec', 2 ** 53 - 1, 'ok'],
      [0, 'read', null, 'ok', 2 ** 53 - 2],
    ),
    { model: 'counter', initial: 0 },
    violated('linearizable', [7]),
  ],
  [
    'a sum of a large number and a fraction',
    oneByOne([0, 'add', 2 ** 52, 'ok'], [0, 'add', 0.1, 'ok'], [0, 'dec', 2 ** 52, 'ok'], [0, 'read', null, 'ok', 0]),
    { model: 'counter', initial: 0 },
    met('linearizable', [1, 2, 2, 2]),
  ],
  [
    'an amount below nine places',
    oneByOne([0, 'add', 4e-10, 'ok'], [0, 'read', null, 'ok', 0]),
    { model: 'counter', initial: 0 },
    met('linearizable', [1, 2]),
  ],
  [
    'two processes whose numbers are one double',
    written.replaceAll('"process":0', '"process":9007199254740993'),
    register,
    met('sequential', [1, 2]),
  ],
  [
    'a process that is named by the text of a number',
    oneByOne(['1', 'write', 1, 'ok'], [1, 'read', null, 'ok', null]),
    register,
    violated('sequential', [1, 3]),
  ],
  [
    'a fraction with more digits than a double has',
    '{"process":0,"type":"invoke","f":"write","value":1.00000000000000000001}\n{"process":0,"type":"ok","f":"write"}\n',
    register,
    met('linearizable', [1]),
  ],
  [
    'a key that every object has',
    oneByOne([0, 'txn', [['w', '__proto__', null]], 'ok'], [0, 'txn', [['r', '__proto__', {}]], 'ok']),
    { model: 'rw-register', initial: { x: 0 } },
    met('strict-serializable', [1, 2]),
  ],
  [
    'a null where nobody knows the first value',
    oneByOne([0, 'read', null, 'ok', null], [0, 'read', null, 'ok', 5]),
    { model: 'register' },
    violated('linearizable', [1, 3]),
  ],
  [
    'lists that do not begin empty',
    oneByOne([0, 'txn', [['r', 'x', null]], 'ok', [['r', 'x', []]]]),
    { model: 'list-append', initial: [1] },
    met('serializable', [1]),
  ],
  [
    'final reads before a write',
    `${oneByOne([0, 'read', null, 'ok', null]).replace('"f"', '"final":true,"f"')}${written.replace('"f":"read"', '"final":true,"f":"read"')}`,
    register,
    { level: 'convergent', result: 'violated', final: true },
  ],
  [
    'requests that a recorder did not understand',
    `{"process":"recorder","type":"info","f":"passed-on","value":{"what":"POST /x","count":1}}\n${oneByOne([0, 'read', null, 'ok', 5])}`,
    register,
    violated('linearizable', [2]),
  ],
  [
    'a member whose name is escaped',
    stale.replace('"f":"read"', '"cl\\u006fck":"n1","f":"read"'),
    register,
    violated('linearizable', [1, 3]),
  ],
  ['a source that is no line', written, register, { level: 'causal', result: 'met', sources: [999] }],
]

describe('verify', () => {
  test.each(attacks)('verify accepts no proof about %s', (_, history, head, entry) => {
    expect(verdictsOf(history, head, [entry])).not.toContain('accepted')
  })

  test('verify takes the initial value of a register from the history header or from the proof', () => {
    const read = (value: unknown) => oneByOne([0, 'txn', [['r', 'x', value]], 'ok'])
    for (const [value, head, start] of [
      [0, { initial: 0 }, {}],
      [5, { initial: { x: 5 } }, {}],
      [5, {}, { start: 5 }],
    ] as const) {
      const entry = { ...met('serializable', [1]), ...start }
      expect(verdictsOf(read(value), { model: 'rw-register', ...head }, [entry])).toEqual(['accepted'])
    }
  })

  test('verify reads a transaction of 100,000 appends to one key in less than 5 s', () => {
    const appends = Array.from({ length: 100_000 }, (_, n) => ['append', 'x', n])
    const history = oneByOne([0, 'txn', appends, 'ok'])
    const began = performance.now()
    expect(verdictsOf(history, { model: 'list-append', initial: null }, [met('serializable', [1])])).toEqual([
      'accepted',
    ])
    expect(performance.now() - began).toBeLessThan(5_000)
  })
})
