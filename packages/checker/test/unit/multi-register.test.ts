import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EventInput, Json } from '@chaosproxy/history'
import { readHistory } from '@chaosproxy/history/files'
import { describe, expect, inject, test } from 'vitest'
import { randomFrom } from '../../../testing/src/random-history.ts'
import { smallHistory } from '../../../testing/src/small-history.ts'
import { unmetNeeds } from '../../src/index.ts'
import { isObjectLinearizable, isObjectSequential } from '../brute-objects.ts'
import { checkHistory, resultOf } from '../checking.ts'
import { atLeast, many, manyOf } from '../many.ts'
import { standAlone } from '../proof/proving.ts'
import { kinds, randomObjectEvents } from '../random-objects.ts'

const model = 'multi-register'
const both = ['linearizable', 'sequential'] as const
const baseSeed = inject('seed')

type Txn = readonly (readonly [f: 'read' | 'write', register: string, value: Json])[]

/** Txns of one round overlap; rounds come one after another. */
const txns = (...rounds: readonly (readonly (readonly [process: number, txn: Txn])[])[]): EventInput[] =>
  rounds.flatMap((round) => [
    ...round.map(
      ([process, txn]): EventInput => ({
        process,
        type: 'invoke',
        f: 'txn',
        value: txn.map(([f, register, value]) => [f, register, f === 'read' ? null : value]),
      }),
    ),
    ...round.map(([process, txn]): EventInput => ({ process, type: 'ok', f: 'txn', value: txn as unknown as Json })),
  ])

const results = (events: readonly EventInput[], initial: Json = null): string[] => {
  const report = checkHistory(smallHistory(events), { model, initial, levels: [...both] })
  return both.map((level) => resultOf(report, level))
}

describe('the model multi-register', () => {
  test('the model multi-register rejects a read that returns only part of the writes of one txn', () => {
    const written = [
      0,
      [
        ['write', 'x', 1],
        ['write', 'y', 1],
      ],
    ] as const
    expect(
      results(
        txns(
          [written],
          [
            [
              1,
              [
                ['read', 'x', 1],
                ['read', 'y', 1],
              ],
            ],
          ],
        ),
      ),
    ).toEqual(['met', 'met'])
    expect(
      results(
        txns(
          [written],
          [
            [
              1,
              [
                ['read', 'x', 1],
                ['read', 'y', null],
              ],
            ],
          ],
        ),
      ),
    ).toEqual(['violated', 'violated'])
    // During the txn, another one may see all of its writes or none, but not a part.
    expect(
      results(
        txns([
          written,
          [
            1,
            [
              ['read', 'x', null],
              ['read', 'y', null],
            ],
          ],
        ]),
      ),
    ).toEqual(['met', 'met'])
    expect(
      results(
        txns([
          written,
          [
            1,
            [
              ['read', 'x', 1],
              ['read', 'y', null],
            ],
          ],
        ]),
      ),
    ).toEqual(['violated', 'violated'])
  })

  test('the model multi-register rejects a history whose registers have legal orders but no common order', () => {
    // Store buffering: each of the two txns missed the other's write, although both had written before.
    const events = txns(
      [
        [0, [['write', 'x', 1]]],
        [1, [['write', 'y', 1]]],
      ],
      [
        [0, [['read', 'y', null]]],
        [1, [['read', 'x', null]]],
      ],
      [
        [
          2,
          [
            ['read', 'x', 1],
            ['read', 'y', 1],
          ],
        ],
      ],
    )
    expect(results(events)).toEqual(['violated', 'violated'])
  })

  test('the model multi-register finds a history with a late read sequentially consistent, but not linearizable', () => {
    const events = txns(
      [
        [
          0,
          [
            ['write', 'x', 1],
            ['write', 'y', 1],
          ],
        ],
      ],
      [
        [
          1,
          [
            ['read', 'x', null],
            ['read', 'y', null],
          ],
        ],
      ],
    )
    expect(results(events)).toEqual(['violated', 'met'])
    expect(checkHistory(smallHistory(events), { model, levels: [...both] }).headline).toBe(
      'sequentially consistent, not linearizable',
    )
  })

  test('in the model multi-register, a read returns the earlier write of its own txn', () => {
    expect(
      results(
        txns([
          [
            0,
            [
              ['write', 'x', 1],
              ['read', 'x', 1],
            ],
          ],
        ]),
      ),
    ).toEqual(['met', 'met'])
    expect(
      results(
        txns([
          [
            0,
            [
              ['write', 'x', 1],
              ['read', 'x', null],
            ],
          ],
        ]),
      ),
    ).toEqual(['violated', 'violated'])
  })

  test('the model multi-register accepts an initial value for each register or for all registers', () => {
    expect(
      results(
        txns([
          [
            0,
            [
              ['read', 'x', 3],
              ['read', 'y', 4],
            ],
          ],
        ]),
        { x: 3, y: 4 },
      ),
    ).toEqual(['met', 'met'])
    expect(
      results(
        txns([
          [
            0,
            [
              ['read', 'x', 0],
              ['read', 'y', 0],
            ],
          ],
        ]),
        0,
      ),
    ).toEqual(['met', 'met'])
    expect(results(txns([[0, [['read', 'x', 1]]]]), 0)).toEqual(['violated', 'violated'])
    expect(results(txns([[0, [['read', 'x', 1]]]], [[1, [['read', 'x', 1]]]]), 'unknown')[0]).toBe('met')
    expect(results(txns([[0, [['read', 'x', 1]]]], [[1, [['read', 'x', 2]]]]), 'unknown')[0]).toBe('violated')
  })

  const line = (process: number, type: 'invoke' | 'ok', value?: Json): EventInput => ({
    process,
    type,
    f: 'txn',
    value,
  })

  test('the model multi-register accepts any result for a read without a value', () => {
    const write = [line(0, 'invoke', [['write', 'x', 1]]), line(0, 'ok', [['write', 'x', 1]])]
    const read = (...answer: Json[]): EventInput[] => [
      line(1, 'invoke', [
        ['read', 'x', null],
        ['write', 'y', 2],
      ]),
      line(1, 'ok', ...answer),
      line(1, 'invoke', [['read', 'y', null]]),
      line(1, 'ok', [['read', 'y', 2]]),
    ]
    const written = ['write', 'y', 2]
    expect(results([...write, ...read([['read', 'x'], written])])).toEqual(['met', 'met'])
    expect(results([...write, ...read()])).toEqual(['met', 'met'])
    expect(results([...write, ...read(null)])).toEqual(['met', 'met'])
    expect(results([...write, ...read([['read', 'x', null], written])])).toEqual(['violated', 'met'])
  })

  test('unmetNeeds lists a missing read if no txn of the model multi-register has a read with a value', () => {
    const events = [line(0, 'invoke', [['read', 'x', null]]), line(0, 'ok', [['read', 'x']])]
    expect(unmetNeeds(smallHistory(events), { model, initial: null }).map(({ what }) => what)).toEqual([
      'txn that reads',
    ])
  })

  test('in the model multi-register, a write of null writes the initial value', () => {
    const events = txns([[0, [['write', 'x', 2]]]], [[0, [['write', 'x', null]]]])
    expect(results([...events, ...txns([[1, [['read', 'x', 1]]]])], { x: 1 })).toEqual(['met', 'met'])
    expect(results([...events, ...txns([[1, [['read', 'x', null]]]])], { x: 1 })).toEqual(['met', 'met'])
    expect(results([...events, ...txns([[1, [['read', 'x', 2]]]])], { x: 1 })[0]).toBe('violated')
  })

  test('the model multi-register refuses a txn with operations other than reads and writes', () => {
    const events: EventInput[] = [
      { process: 0, type: 'invoke', f: 'txn', value: [['increment', 'x', 1]] },
      { process: 0, type: 'ok', f: 'txn', value: [['increment', 'x', 1]] },
    ]
    expect(() => results(events)).toThrow('a txn can only read ("r") and write ("w"), not "increment"')
  })
})

test('readHistory reads txns from Jepsen’s EDN and from lines of JSON', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'multi-register-'))
  try {
    const edn = join(directory, 'history.edn')
    writeFileSync(
      edn,
      [
        '{:process 0, :type :invoke, :f :txn, :value [[:write :x 1] [:write :y 2]]}',
        '{:process 0, :type :ok, :f :txn, :value [[:write :x 1] [:write :y 2]]}',
        '{:process 1, :type :invoke, :f :txn, :value [[:read :x nil] [:read :y nil]]}',
        '{:process 1, :type :ok, :f :txn, :value [[:read :x 1] [:read :y 0]]}',
      ].join('\n'),
    )
    const report = checkHistory(await readHistory(edn), { model, initial: { x: 0, y: 0 }, levels: [...both] })
    expect(both.map((level) => resultOf(report, level))).toEqual(['violated', 'violated'])
    const lines = join(directory, 'history.jsonl')
    writeFileSync(
      lines,
      [
        '{"chaos":1,"model":"multi-register","initial":{"x":0,"y":0}}',
        '{"process":0,"type":"invoke","f":"txn","value":[["write","x",1],["write","y",2]]}',
        '{"process":0,"type":"ok","f":"txn","value":[["write","x",1],["write","y",2]]}',
        '{"process":1,"type":"invoke","f":"txn","value":[["read","x",null],["read","y",null]]}',
        '{"process":1,"type":"ok","f":"txn","value":[["read","x",1],["read","y",2]]}',
      ].join('\n'),
    )
    const history = await readHistory(lines)
    expect(history.header?.model).toBe(model)
    const other = checkHistory(history, { model, initial: history.header?.initial ?? null, levels: [...both] })
    expect(both.map((level) => resultOf(other, level))).toEqual(['met', 'met'])
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test(`the verdict of multi-register on sequential agrees with its definition on ${manyOf(3_000)} small random histories (seed ${baseSeed})`, () => {
  const share = { met: 0, violated: 0 }
  for (let n = 0; n < many(3_000); n++) {
    const random = randomFrom(baseSeed + n)
    const shape = {
      processes: 2 + Math.floor(random() * 3),
      operations: 3 + Math.floor(random() * 6),
      unknown: random() < 0.4 ? 0.25 : 0,
      failed: random() < 0.3 ? 0.15 : 0,
      mutated: random() < 0.7 ? 0.4 : 0,
    }
    const events = randomObjectEvents(kinds[model]!(random), shape, random)
    const history = smallHistory(events)
    const truth = isObjectSequential(model, history)
    share[truth ? 'met' : 'violated']++
    const { levels } = checkHistory(history, { model, levels: [...both] })
    const where = `seed ${baseSeed + n}\n${events.map((event) => JSON.stringify(event)).join('\n')}\n`
    expect(levels.sequential.result, where).toBe(truth ? 'met' : 'violated')
    expect(levels.linearizable.result, where).toBe(isObjectLinearizable(model, history) ? 'met' : 'violated')
    if (levels.sequential.result !== 'violated') continue
    const { operations } = levels.sequential.counterexample
    const rows = operations.map(({ operation }) => operation)
    expect(isObjectSequential(model, history, rows), where).toBe(false)
    // The verifier must accept these operations as a violation. It must reject them if one is left out, unless a read
    // then lacks its write.
    const isProved = standAlone(history, { model, initial: null }, 'sequential')
    expect(isProved(rows), where).toBe(true)
    for (const row of rows) {
      const fewer = rows.filter((each) => each !== row)
      if (isProved(fewer)) expect(isUnsupported(history, fewer), `${where}${row} of ${rows}`).toBe(true)
    }
  }
  expect(share.met).toBeGreaterThan(atLeast(600))
  expect(share.violated).toBeGreaterThan(atLeast(300))
})

/**
 * Reports whether some txn reads a value that only omitted txns wrote. If a txn writes to a register several times,
 * only the last write counts, because other txns cannot see the earlier ones.
 */
function isUnsupported(history: ReturnType<typeof smallHistory>, rows: readonly number[]): boolean {
  const all = Array.from({ length: history.operations.length }, (_, row) => row)
  const partsOf = (row: number): [string, string, Json][] => {
    const value = history.values.json((history.operations.output[row] ?? 0) as never)
    return Array.isArray(value) ? (value as [string, string, Json][]) : []
  }
  const nameOf = ([, register, held]: [string, string, Json]): string => `${register} ${JSON.stringify(held)}`
  const writes = (row: number): string[] => {
    const last = new Map(partsOf(row).flatMap((part) => (part[0] === 'write' ? [[part[1], part]] : [])))
    return [...last.values()].map(nameOf)
  }
  const reads = (row: number): string[] =>
    partsOf(row).flatMap((part, at, parts) => {
      const isOwn = parts.slice(0, at).some(([f, register]) => f === 'write' && register === part[1])
      return part[0] === 'read' && !isOwn ? [nameOf(part)] : []
    })
  const written = new Set(rows.flatMap(writes))
  const inWhole = new Set(all.flatMap(writes))
  return rows.flatMap(reads).some((name) => !written.has(name) && inWhole.has(name))
}
