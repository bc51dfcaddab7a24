import { type History, historyFromObjects, type Json, millis } from '@chaosproxy/history'
import { describe, expect, inject, test } from 'vitest'
import { randomFrom } from '../../../../testing/src/random-history.ts'
import { check } from '../../../src/check/check.ts'
import { many, manyOf } from '../../many.ts'

type Micro = readonly [
  kind: 'r' | 'w' | 'add' | `r${'' | '!'}${'=' | '<>' | '<' | '<=' | '>' | '>='}`,
  cell: string,
  value?: Json,
]
type Members = { readonly [member: string]: Json }

/**
 * A transaction with the times at which it begins and ends. `locks`: the rows that it locked, each until its commit was
 * requested.
 */
interface Ran {
  readonly from: number
  readonly to: number
  readonly micro: readonly Micro[]
  readonly locks?: readonly (readonly [row: string, from: number, to: number])[]
  readonly end?: 'ok' | 'fail' | 'info'
  readonly more?: Members
  /** The transaction's client, by default a separate one. */
  readonly by?: number
  readonly statements?: readonly (readonly [sql: string, count: number, from: number, to: number])[]
}

/** Records these transactions, by default each by a separate client. */
function recording(all: readonly Ran[], marks: readonly Members[] = [], after: readonly Members[] = []): History {
  const events = all.flatMap(({ from, to, micro, locks = [], end = 'ok', more = {}, by, statements }, at) => {
    const process = by ?? at
    const invocation = micro.map(([kind, cell, value]) =>
      kind.startsWith('r') ? ['r', cell, null] : [kind, cell, value],
    )
    const value = invocation.map((each) => each.filter((part) => part !== undefined)) as Json
    const done = micro.map((each) => each.filter((part) => part !== undefined)) as Json
    const called = { process, type: 'invoke', f: 'txn', time: from, value }
    const returned = {
      process,
      type: end,
      f: 'txn',
      time: to,
      statements: statements ?? [['SQL', micro.length]],
      locks,
      ...more,
    }
    return [called, end === 'ok' ? { ...returned, value: done } : returned]
  })
  events.sort((a, b) => a.time - b.time)
  const header = { chaos: 1, model: 'rw-register', initial: 'unknown' }
  return historyFromObjects([
    header,
    ...marks.map((mark) => ({ process: 'recorder', type: 'info', ...mark })),
    ...events,
    ...after.map((mark) => ({ process: 'recorder', type: 'info', ...mark })),
  ])
}

function judged(all: readonly Ran[], marks: readonly Members[] = [], unit?: 'request' | 'connection') {
  return check(recording(all, marks), { ...optionsOf(), unit })
}

function optionsOf() {
  return {
    model: 'rw-register',
    initial: 'unknown',
    levels: [
      ...['strict-serializable', 'serializable', 'declared'],
      ...['repeatable-read', 'snapshot-isolation', 'read-committed', 'read-uncommitted'],
    ],
    failedCas: 'drop' as const,
    deadlineMs: millis(20_000),
    memoryBytes: 1e9,
    now: () => millis(performance.now()),
  }
}

const balance = 'accounts/1/balance'
const row = 'accounts/1'

/** Two transactions. Both read 100 before either one wrote. */
const lostUpdate: readonly Ran[] = [
  {
    from: 0,
    to: 50,
    micro: [
      ['r', balance, 100],
      ['w', balance, 90],
    ],
    locks: [[row, 20, 30]],
  },
  {
    from: 5,
    to: 70,
    micro: [
      ['r', balance, 100],
      ['w', balance, 80],
    ],
    locks: [[row, 40, 60]],
  },
]

describe('transactions recorded at the wire', () => {
  test('transactions are serializable if an update of unknown value may come after the value that was read', () => {
    const found: readonly Ran[] = [
      { from: 0, to: 30, micro: [['w', balance]], locks: [[row, 20, 0]] },
      {
        from: 10,
        to: 45,
        micro: [
          ['r', balance, 100],
          ['w', balance, 90],
        ],
        locks: [[row, 25, 40]],
      },
      { from: 70, to: 80, micro: [['r', balance, 90]] },
    ]
    expect(judged(found).levels['serializable']!.result).toBe('met')
  })

  test('two transactions that read a row and then lock it one after the other violate "serializable" as a lost update', () => {
    const { levels, transactions } = judged(lostUpdate)
    expect(levels['serializable']).toMatchObject({
      result: 'violated',
      counterexample: { story: { name: 'lost update', cure: expect.stringContaining('FOR UPDATE') } },
    })
    expect(levels['read-committed']!.result).toBe('met')
    expect(transactions?.assumed).toEqual(['row-locks', 'fresh'])
  })

  test.each([
    ['read committed', 'Read at REPEATABLE READ, or in one statement.'],
    ['read committed of InnoDB', 'with plain SELECTs only'],
    ['repeatable read of InnoDB', 'with plain SELECTs only'],
  ])('the remedy for a read skew suits the database server and the isolation level: %s', (isolation, cure) => {
    const other = 'accounts/2/balance'
    const found: readonly Ran[] = [
      {
        from: 0,
        to: 10,
        micro: [
          ['w', balance, 1],
          ['w', other, 1],
        ],
        locks: [
          [row, 2, 8],
          ['accounts/2', 4, 8],
        ],
      },
      {
        from: 20,
        to: 60,
        micro: [
          ['r', balance, 1],
          ['r', other, 2],
        ],
      },
      {
        from: 25,
        to: 40,
        micro: [
          ['w', balance, 2],
          ['w', other, 2],
        ],
        locks: [
          [row, 28, 35],
          ['accounts/2', 30, 35],
        ],
      },
    ]
    const { levels } = judged(found.map((ran) => ({ ...ran, more: { isolation } })))
    expect(levels['serializable']).toMatchObject({
      result: 'violated',
      counterexample: { story: { name: 'read skew', cure: expect.stringContaining(cure) } },
    })
  })

  test.each([
    ['read committed', /or use REPEATABLE READ or SERIALIZABLE and retry\.$/],
    ['repeatable read of InnoDB', /REPEATABLE READ does not prevent it, except/],
  ])('the remedy for a lost update suits the database server and the isolation level: %s', (isolation, cure) => {
    const { levels } = judged(lostUpdate.map((ran) => ({ ...ran, more: { isolation } })))
    expect(levels['serializable']).toMatchObject({ counterexample: { story: { cure: expect.stringMatching(cure) } } })
  })

  test.each([
    ['the server computed what the second wrote', [['w', balance]]],
    [
      'the second read again what it then changed',
      [
        ['r', balance, 90],
        ['w', balance, 80],
      ],
    ],
  ] as const)('two transactions violate "serializable", but not as a lost update, if %s', (_, change) => {
    const [first, second] = lostUpdate
    const { levels, transactions } = judged([first!, { ...second!, micro: [['r', balance, 100], ...change] }])
    expect(levels['serializable']!.result).toBe('violated')
    expect(levels['serializable']).not.toMatchObject({ counterexample: { story: { name: 'lost update' } } })
    expect(transactions!.anomalies).not.toHaveProperty('lost-update')
  })

  test.each([
    ['added an amount', ['add', balance, -100]],
    ['wrote an unknown value', ['w', balance]],
  ] as const)('a transaction that %s does not explain a read that ended before its COMMIT', (_, change) => {
    const buy = (from: number): Ran => ({
      ...{ from, to: from + 30, micro: [['r', balance, 100], change], locks: [[row, from + 20, from + 25]] },
      statements: [
        ['SELECT', 1, from, from + 10],
        ['UPDATE', 1, from + 12, from + 20],
      ],
    })
    const first = buy(0)
    // The UPDATE of the second transaction waits for the first transaction.
    const second = { ...buy(5), to: 70, locks: [[row, 40, 60]] as const }
    const { levels } = judged([first, second])
    expect(levels['serializable']).toMatchObject({
      result: 'violated',
      counterexample: { story: { name: 'stale check', cure: expect.stringContaining('AND n >= 1') } },
    })
    expect(levels['serializable']).not.toMatchObject({
      counterexample: { story: { cure: expect.stringContaining('REPEATABLE READ') } },
    })
    expect(levels['read-committed']!.result).toBe('met')
  })

  test('a transaction that reads a change before it overwrites the change is not reported as a lost update', () => {
    const again: Ran = {
      ...{ from: 0, to: 50, locks: [[row, 40, 45]] },
      micro: [
        ['r', balance, 100],
        ['r', balance, 60],
        ['w', balance, 50],
      ],
      statements: [
        ['SELECT', 1, 0, 5],
        ['UPDATE … RETURNING', 2, 30, 40],
      ],
    }
    const other: Ran = { from: 10, to: 20, micro: [['w', balance, 60]], locks: [[row, 12, 18]] }
    const storyOf = (...all: readonly Ran[]) => judged(all).levels['serializable']
    expect(storyOf(again, other)).toMatchObject({ counterexample: { story: { name: 'non-repeatable read' } } })
    // The value was written twice, so it is not certain which of the two writes the second read saw.
    const twice = { ...other, from: 21, to: 29, locks: [[row, 22, 28]] as const }
    const { transactions, levels } = judged([again, other, twice])
    expect(levels['serializable']).not.toMatchObject({ counterexample: { story: { name: 'lost update' } } })
    expect(levels['serializable']).not.toMatchObject({ counterexample: { story: { name: 'unseen change' } } })
    expect(transactions!.anomalies).not.toHaveProperty('lost-update')
  })

  test('a known value plus the recorded additions explains a read', () => {
    const buys: readonly Ran[] = [
      { from: 0, to: 10, micro: [['w', balance, 100]], locks: [[row, 10, 0]] },
      { from: 20, to: 30, micro: [['add', balance, -30]], locks: [[row, 30, 20]] },
      { from: 40, to: 50, micro: [['add', balance, -30]], locks: [[row, 50, 40]] },
    ]
    const seen = (value: number) => judged([...buys, { from: 60, to: 70, micro: [['r', balance, value]] }]).levels
    expect(seen(40)['strict-serializable']!.result).toBe('met')
    for (const other of [100, 70, 10]) expect(seen(other)['serializable']!.result).toBe('unknown')
  })

  test(`recordings in which every addition took effect meet every level, even with an unknown start, in ${manyOf(300)} cases`, () => {
    const first = inject('seed') * 10_000
    for (let seed = first; seed < first + many(300); seed++) {
      const random = randomFrom(seed)
      /** Transactions in which each statement takes effect at one moment between its times. */
      const ran = Array.from({ length: 3 }, (_, by) => {
        let time = by + 3 * Math.floor(random() * 700)
        return Array.from({ length: 6 }, () => {
          const [from, effect, to] = [1, 2, 3].map(() => (time += 3 + 3 * Math.floor(random() * 300))) as [
            number,
            number,
            number,
          ]
          return { by, from, effect, to, isRead: random() < 0.3 }
        })
      }).flat()
      ran.sort((a, b) => a.effect - b.effect)
      let held = Math.floor(random() * 5)
      const recorded = ran.map(({ by, from, to, isRead }): Ran => {
        if (!isRead) held++
        return isRead
          ? { by, from, to, micro: [['r', balance, held]] }
          : { by, from, to, micro: [['add', balance, 1]], locks: [[row, to, from]] }
      })
      expect(judged(recorded).levels['strict-serializable']!.result, `seed ${seed}`).toBe('met')
    }
  })

  test('a write of unknown value leaves "serializable" unknown if it cannot explain two different reads', () => {
    const { levels } = judged([
      { from: 0, to: 10, micro: [['w', balance]], locks: [[row, 10, 0]] },
      { from: 20, to: 30, micro: [['r', balance, 5]] },
      { from: 40, to: 50, micro: [['r', balance, 6]] },
    ])
    expect(levels['serializable']).toMatchObject({
      result: 'unknown',
      reason: { text: expect.stringContaining('no recorded write explains') },
    })
  })

  test('transactions meet "strict-serializable" if the second reads the value that the first wrote', () => {
    const [first] = lostUpdate
    const second: Ran = {
      from: 5,
      to: 70,
      micro: [
        ['r', balance, 90],
        ['w', balance, 80],
      ],
      locks: [[row, 40, 60]],
    }
    const { levels } = judged([first!, second])
    expect(levels['strict-serializable']!.result).toBe('met')
  })

  test('transactions meet "strict-serializable" if a read returns the newest value and an older write wrote the same value', () => {
    const wrote = (at: number, value: number): Ran => ({
      ...{ from: at, to: at + 5, micro: [['w', balance, value]], locks: [[row, at + 1, at + 2]] },
    })
    const { levels, transactions } = judged([
      ...[wrote(0, 1), wrote(10, 2), wrote(20, 1)],
      { from: 30, to: 35, micro: [['r', balance, 1]] },
    ])
    expect(levels['strict-serializable']!.result).toBe('met')
    expect(transactions?.judged.reads).toEqual({ total: 1, withSource: 1 })
  })

  test('transactions meet "strict-serializable" if overlapping statements explain the value that was read', () => {
    const added = (from: number, to: number): Ran => ({
      from,
      to,
      micro: [['w', balance]],
      locks: [[row, to - 1, from]],
    })
    const { levels } = judged([
      ...[added(0, 20), added(5, 18), added(6, 30)],
      { from: 40, to: 45, micro: [['r', balance, 3]] },
    ])
    expect(levels['strict-serializable']!.result).toBe('met')
  })

  test('two transactions that held one row lock at the same time leave "read-committed" unknown', () => {
    const { levels } = judged([
      { from: 0, to: 50, micro: [['w', balance, 1]], locks: [[row, 10, 40]] },
      { from: 0, to: 60, micro: [['w', balance, 2]], locks: [[row, 20, 50]] },
    ])
    expect(levels['read-committed']).toMatchObject({
      result: 'unknown',
      reason: { text: expect.stringContaining('locked at once') },
    })
  })

  test('a read leaves "serializable" unknown if no recorded write explains its value', () => {
    const { levels } = judged([
      { from: 0, to: 5, micro: [['w', balance, 1]], locks: [[row, 1, 2]] },
      { from: 10, to: 15, micro: [['r', balance, 7]] },
    ])
    expect(levels['serializable']).toMatchObject({
      result: 'unknown',
      reason: { text: expect.stringMatching(/= 7 .*trigger/) },
    })
  })

  test('a statement that was not understood leaves "serializable" unknown for the cells that it may have changed', () => {
    const mark = { f: 'touched', key: 'accounts/*/balance', value: { what: 'UPDATE', why: 'it says no rows' } }
    const { levels } = judged(lostUpdate, [mark])
    expect(levels['serializable']).toMatchObject({
      result: 'unknown',
      reason: { text: expect.stringContaining('it says no rows') },
    })
    const other = { ...mark, key: 'doctors/*/on_call' }
    expect(judged(lostUpdate, [other]).levels['serializable']!.result).toBe('violated')
  })

  test('a trigger that may change rows without a record leaves "read-committed" unknown', () => {
    const mark = { f: 'unseen', value: { what: 'a trigger', why: 'nobody looked' } }
    const met: Ran = { from: 0, to: 5, micro: [['w', balance, 1]], locks: [[row, 1, 2]] }
    expect(judged([met], [mark]).levels['read-committed']).toMatchObject({
      result: 'unknown',
      reason: { text: 'a trigger may change rows unseen, and nobody looked' },
    })
    expect(judged(lostUpdate, [mark]).levels['serializable']!.result).toBe('violated')
  })

  test('a read that was not understood leaves "read-committed" unknown', () => {
    const mark = { f: 'not-understood', value: { what: 'SELECT sum(balance)', why: 'it shows no rows' } }
    const met: Ran = { from: 0, to: 5, micro: [['w', balance, 1]], locks: [[row, 1, 2]] }
    const read: Ran = { from: 10, to: 15, micro: [['r', balance, 1]] }
    expect(judged([met, read], [mark]).levels['read-committed']!.result).toBe('unknown')
  })

  test('a statement that depends on rows it did not return leaves "serializable", but not "repeatable-read", unknown', () => {
    const { levels } = judged([
      { from: 0, to: 5, micro: [['r', balance, 1]], more: { predicates: ['SELECT … WHERE balance > ?'] } },
    ])
    expect(levels['repeatable-read']!.result).toBe('met')
    expect(levels['serializable']).toMatchObject({
      result: 'unknown',
      reason: { text: expect.stringContaining('balance > ?') },
    })
  })

  test('a transaction without an answer to its COMMIT counts only if a read saw one of its writes', () => {
    const lost: Ran = { from: 0, to: 20, micro: [['w', balance, 1]], locks: [[row, 5, 6]], end: 'info' }
    const seen: Ran = { from: 30, to: 35, micro: [['r', balance, 1]] }
    const first: Ran = { from: 30, to: 35, micro: [['r', balance, 0]] }
    const later: Ran = { from: 40, to: 45, micro: [['r', balance, 0]] }
    expect(judged([lost, seen]).levels['strict-serializable']!.result).not.toBe('violated')
    expect(judged([lost, first, later]).levels['strict-serializable']!.result).toBe('met')
  })
})

/** Two transactions that each read what the other one changes. */
const skewed = (one: string, other: string): readonly Ran[] => [
  {
    ...{ from: 0, to: 50, more: { isolation: one }, locks: [['doctors/1', 20, 30]] },
    micro: [
      ['r', 'doctors/2/on_call', true],
      ['w', 'doctors/1/on_call', false],
    ],
  },
  {
    ...{ from: 5, to: 60, more: { isolation: other }, locks: [['doctors/2', 22, 40]] },
    micro: [
      ['r', 'doctors/1/on_call', true],
      ['w', 'doctors/2/on_call', false],
    ],
  },
]

const snapshot = 'repeatable read'
const serial = 'serializable'
const committed = 'read committed'

/** A reader that sees the first write of another transaction and misses its second. */
const torn = (reader: string): readonly Ran[] => [
  {
    ...{ from: 0, to: 2 },
    micro: [
      ['r', 'accounts/1/balance', 0],
      ['r', 'accounts/2/balance', 0],
    ],
  },
  {
    ...{ from: 4, to: 30, more: { isolation: committed } },
    micro: [
      ['w', 'accounts/1/balance', 1],
      ['w', 'accounts/2/balance', 2],
    ],
    locks: [
      ['accounts/1', 10, 20],
      ['accounts/2', 11, 20],
    ],
  },
  {
    ...{ from: 5, to: 40, more: { isolation: reader } },
    micro: [
      ['r', 'accounts/1/balance', 1],
      ['r', 'accounts/2/balance', 0],
    ],
  },
]

describe('the declared level', () => {
  test('write skew of transactions that declared snapshot isolation does not violate the declared level', () => {
    const { levels, headline } = judged(skewed(snapshot, snapshot))
    expect(levels['serializable']!.result).toBe('violated')
    expect(levels['declared']).toEqual({ result: 'met', witness: { kind: 'checked' } })
    expect(headline).toContain('each got the level it asked for (2 repeatable read)')
  })

  test('write skew of transactions that declared serializable violates the declared level', () => {
    const { levels, headline } = judged(skewed(serial, serial))
    expect(levels['declared']).toMatchObject({
      result: 'violated',
      counterexample: { level: 'declared', anomaly: 'G2-item', operations: [{ operation: 0 }, { operation: 1 }] },
    })
    expect(levels['declared']).toMatchObject({
      counterexample: {
        sentence: expect.stringMatching(/T1 asked for serializable, T2 asked for serializable, which forbids this\.$/),
      },
    })
    expect(headline).toContain('not every transaction got the level it asked for')
  })

  test('the declared level is met by a write skew if only one of its transactions declared "serializable"', () => {
    expect(judged(skewed(serial, snapshot)).levels['declared']!.result).toBe('met')
  })

  test.each([committed, 'read uncommitted'])(
    'the declared level is met if a transaction that declared %s saw only one of two writes of another transaction',
    (level) => {
      const { levels } = judged(torn(level!))
      expect(levels['snapshot-isolation']!.result).toBe('violated')
      expect(levels['declared']!.result).toBe('met')
    },
  )

  test.each([snapshot, serial])(
    'the declared level is violated if a transaction that declared %s saw only one of two writes of another transaction',
    (level) => {
      expect(judged(torn(level!)).levels['declared']).toMatchObject({
        result: 'violated',
        counterexample: { anomaly: 'G-single-item' },
      })
    },
  )

  test.each([
    [committed, 'met'],
    [snapshot, 'violated'],
  ])('if a transaction that declared %s reads two versions of a cell, the declared level is %s', (level, result) => {
    const { levels } = judged([
      { from: 0, to: 30, micro: [['w', balance, 1]], locks: [[row, 10, 20]] },
      {
        ...{ from: 5, to: 40, more: { isolation: level! } },
        micro: [
          ['r', balance, 0],
          ['r', balance, 1],
        ],
      },
    ])
    expect(levels['declared']!.result).toBe(result)
  })

  test.each([
    ['INSERT INTO accounts (id, balance) VALUES (?, ?)', snapshot, null, 'met'],
    ['INSERT INTO accounts (id, balance) VALUES (?, ?)', serial, null, 'violated'],
    ['INSERT INTO accounts (id, balance) VALUES (?, ?)', snapshot, 4, 'violated'],
    ['UPDATE accounts SET balance = ? WHERE id = ?', snapshot, null, 'violated'],
  ])(
    '%s in a transaction that declared %s, after a concurrent write of %j, makes the declared level %s',
    (sql, isolation, value, result) => {
      const { levels } = judged([
        { from: 10, to: 20, micro: [['w', balance, value]], locks: [[row, 12, 18]], more: { isolation: isolation! } },
        {
          ...{ from: 0, to: 40, locks: [[row, 30, 38]] as const, more: { isolation: isolation! } },
          micro: [
            ['r', balance, 5],
            ['w', balance, 9],
          ],
          statements: [
            ['SELECT balance FROM accounts WHERE id = ?', 1, 1, 5],
            [sql, 1, 25, 30],
          ],
        },
      ])
      expect(levels['declared']!.result).toBe(result)
      expect(levels['snapshot-isolation']!.result).toBe('violated')
    },
  )

  test('the declared level is unknown only if the transaction that used a predicate declared "serializable"', () => {
    const reading = (level: string): readonly Ran[] => [
      { from: 0, to: 5, micro: [['r', balance, 1]], more: { isolation: level, predicates: ['SELECT'] } },
      { from: 6, to: 9, micro: [['r', balance, 1]], more: { isolation: serial } },
    ]
    expect(judged(reading(serial)).levels['declared']!.result).toBe('unknown')
    expect(judged(reading(snapshot)).levels['declared']!.result).toBe('met')
  })
})

/** Two requests. Each reads a balance in one statement, and writes it in the next. */
const payments = (request: (n: number) => Members): readonly Ran[] => [
  { from: 0, to: 10, by: 0, micro: [['r', balance, 100]], more: request(1) },
  { from: 5, to: 15, by: 1, micro: [['r', balance, 100]], more: request(2) },
  { from: 20, to: 30, by: 0, micro: [['w', balance, 90]], locks: [[row, 24, 25]], more: request(1) },
  { from: 32, to: 40, by: 1, micro: [['w', balance, 80]], locks: [[row, 34, 35]], more: request(2) },
]
const named = (n: number): Members => ({ request: `r${n}` })
const unnamed = (): Members => ({})

describe('statements outside a transaction', () => {
  test('statements outside a transaction meet "strict-serializable" if each is judged as its own transaction', () => {
    expect(judged(payments(named)).levels['strict-serializable']!.result).toBe('met')
  })

  test.each([
    ['request', named],
    ['connection', unnamed],
  ] as const)(
    'statements outside a transaction violate "serializable" if the statements of each %s must be one transaction',
    (unit, request) => {
      const { levels, transactions } = judged(payments(request), [], unit)
      expect(levels['serializable']).toMatchObject({
        result: 'violated',
        counterexample: {
          story: { name: 'no transaction around it' },
          sentence: expect.stringMatching(
            /^Statements that belong together were not in one transaction: .* Put these statements between BEGIN and COMMIT/,
          ),
          operations: [{ operation: 0 }, { operation: 1 }, { operation: 2 }, { operation: 3 }],
        },
      })
      expect(levels['declared']!.result).toBe('met')
      expect(transactions!.judged.transactions).toBe(2)
    },
  )

  test('requests of one statement, and statements that name no request, violate no level', () => {
    const alone = payments(named).filter((_, at) => at % 2 === 0)
    expect(judged(alone, [], 'request').levels['strict-serializable']!.result).toBe('met')
    expect(judged(payments(unnamed), [], 'request').levels['serializable']!.result).toBe('met')
  })

  test('statements are judged as separate transactions if their connection was idle between them', () => {
    const later = (ran: Ran, by: number): Ran => ({ ...ran, from: ran.from + by, to: ran.to + by })
    const idle = payments(unnamed).map((ran, at): Ran => {
      const by = at < 2 ? 0 : 20_000_000
      const [name, from, to] = ran.locks?.[0] ?? ['', 0, 0]
      return { ...later(ran, by), ...(ran.locks === undefined ? {} : { locks: [[name, from + by, to + by]] }) } as Ran
    })
    expect(judged(idle, [], 'connection').levels['strict-serializable']!.result).toBe('met')
  })

  test('statements outside a transaction do not hide a lost update between complete transactions', () => {
    const whole = lostUpdate.map((ran, at) => ({ ...ran, more: named(at) }))
    expect(judged(whole, [], 'request').levels['serializable']).toMatchObject({
      counterexample: { story: { name: 'lost update' } },
    })
  })

  test('a statement may read a value that an earlier statement of the same request wrote', () => {
    const { levels } = judged(
      [
        { from: 0, to: 10, by: 0, micro: [['w', balance, 1]], locks: [[row, 4, 5]], more: named(1) },
        { from: 20, to: 30, by: 0, micro: [['r', balance, 1]], more: named(1) },
        { from: 40, to: 50, by: 0, micro: [['w', balance, 2]], locks: [[row, 44, 45]], more: named(1) },
        { from: 60, to: 70, by: 0, micro: [['r', balance, 2]], more: named(1) },
      ],
      [],
      'request',
    )
    expect(levels['strict-serializable']!.result).toBe('met')
  })
})

describe('the times of statements', () => {
  const write = (at: number, value: number): Ran => ({
    ...{ from: at, to: at + 5, micro: [['w', balance, value]], locks: [[row, at + 1, at + 2]] },
  })
  const reader = (statements: Ran['statements']): Ran => ({
    ...{ from: 0, to: 60, more: { isolation: committed }, ...(statements === undefined ? {} : { statements }) },
    micro: [
      ['r', balance, 1],
      ['r', balance, 1],
    ],
  })

  test('the times of statements show which of several equal values each statement read', () => {
    const writes = [write(10, 1), write(20, 2), write(30, 1)]
    const apart = reader([
      ['SELECT', 1, 16, 18],
      ['SELECT', 1, 40, 45],
    ])
    expect(judged([...writes, reader(undefined)]).transactions!.judged.reads).toEqual({ total: 2, withSource: 0 })
    const { transactions, levels } = judged([...writes, apart])
    expect(transactions!.judged.reads).toEqual({ total: 2, withSource: 2 })
    expect(levels['snapshot-isolation']!.result).toBe('violated')
    expect(levels['read-committed']!.result).toBe('met')
  })
})

describe('a read of a rolled-back write', () => {
  const rolledBack: Ran = { from: 0, to: 10, micro: [['w', balance, 7]], end: 'fail' }
  const first: Ran = { from: 0, to: 2, micro: [['r', balance, 1]] }

  test('a read of a rolled-back write violates read-committed and the declared level', () => {
    const { levels, transactions } = judged([first, rolledBack, { from: 20, to: 25, micro: [['r', balance, 7]] }])
    expect(levels['read-committed']).toMatchObject({ result: 'violated', counterexample: { anomaly: 'G1a' } })
    expect(levels['declared']!.result).toBe('violated')
    expect(levels['read-uncommitted']!.result).toBe('met')
    expect(transactions!.anomalies).toHaveProperty('G1a')
  })

  test('a read of a rolled-back value violates no level if another write or the initial value explains it', () => {
    const read: Ran = { from: 20, to: 25, micro: [['r', balance, 7]] }
    const other: Ran = { from: 12, to: 18, micro: [['w', balance, 7]], locks: [[row, 13, 14]] }
    expect(judged([first, rolledBack, other, read]).levels['strict-serializable']!.result).toBe('met')
    expect(judged([rolledBack, read]).levels['strict-serializable']!.result).toBe('met')
  })

  test('a read of a value is undecided if a rolled-back transaction wrote the value only after the read', () => {
    const later: Ran = { ...rolledBack, from: 30, to: 40 }
    const other: Ran = { from: 3, to: 10, micro: [['w', balance, 2]], locks: [[row, 4, 9]] }
    const read: Ran = { from: 20, to: 25, micro: [['r', balance, 7]] }
    expect(judged([first, other, read, later]).levels['read-committed']!.result).toBe('unknown')
  })

  test('a read of a rolled-back value is undecided if an open transaction wrote the same value before it overwrote it', () => {
    const again: Ran = {
      ...{ from: 18, to: 30, locks: [[row, 19, 26]] },
      micro: [
        ['w', balance, 7],
        ['w', balance, 8],
      ],
    }
    const read: Ran = { from: 20, to: 25, micro: [['r', balance, 7]] }
    const levelWith = (...all: readonly Ran[]) => judged([first, ...all, read]).levels['read-committed']!.result
    expect(levelWith(rolledBack, again)).toBe('unknown')
    expect(levelWith(rolledBack, { ...again, micro: [['w', balance, 8]] })).toBe('violated')
  })

  test('a read of a rolled-back write is undecided if an unknown statement may have changed the cell', () => {
    const mark = { f: 'touched', key: 'accounts/*/balance', value: { what: 'UPDATE', why: 'it says no rows' } }
    const read: Ran = { from: 20, to: 25, micro: [['r', balance, 7]] }
    expect(judged([first, rolledBack, read], [mark]).levels['read-committed']!.result).toBe('unknown')
  })
})

describe('a finished statement that was not understood', () => {
  const mark = { f: 'touched', key: 'accounts/*/balance', value: { what: 'TRUNCATE', why: 'it says no rows' }, mark: 1 }
  const settled = { f: 'settled', value: { mark: 1 } }

  test('a finished statement that was not understood leaves no level unknown for cells that are used only after it', () => {
    expect(judged(lostUpdate, [mark, settled]).levels['serializable']!.result).toBe('violated')
    const met: Ran = { from: 0, to: 5, micro: [['r', balance, 1]] }
    expect(judged([met], [mark, settled]).levels['strict-serializable']!.result).toBe('met')
    expect(judged([met], [{ f: mark.f, value: mark.value, mark: 1 }, settled]).levels['serializable']!.result).toBe(
      'met',
    )
  })

  test('a read after a statement that was not understood may return another value than the initial value', () => {
    const seen: Ran = { from: 0, to: 5, micro: [['r', balance, 1]] }
    const started = (marks: readonly Members[]) =>
      check({ ...recording([seen], marks) }, { ...optionsOf(), initial: 0 }).levels['serializable']!
    expect(started([mark, settled]).result).toBe('met')
    expect(started([])).toMatchObject({ result: 'unknown' })
  })

  test('a statement that was not understood leaves "serializable" unknown if a cell was used before it ended', () => {
    const ended = check(recording(lostUpdate, [mark], [settled]), optionsOf())
    expect(ended.levels['serializable']!.result).toBe('unknown')
    const later = { ...mark, mark: 2 }
    expect(judged(lostUpdate, [mark, settled, later]).levels['serializable']!.result).toBe('unknown')
  })
})

describe('a read of which only a comparison is known', () => {
  const written = (value: Json): Ran => ({
    ...{ from: 0, to: 10, micro: [['w', 'accounts/1/balance', value]], locks: [['accounts/1', 2, 1]] },
  })
  const later = (...micro: readonly Micro[]): Ran => ({ from: 20, to: 30, micro })
  const result = (all: readonly Ran[]) => judged(all).levels?.['serializable']?.result

  test.each<readonly [Micro[0], Json, Json]>([
    ['r!>=', 20, 40],
    ['r!>=', null, 40],
    ['r!<', 40, 40],
    ['r>=', 40, 40],
    ['r<>', 'a', 'b'],
    ['r!=', 'a', 'b'],
    ['r!=', null, 'b'],
    ['r!<', 'a', 'b'],
  ])('a read with the known operator %s may have returned %j if the operand is %j', (kind, value, given) => {
    expect(result([written(value), later([kind, 'accounts/1/balance', given])])).toBe('met')
  })

  test.each<readonly [Micro[0], Json, Json]>([
    ['r!>=', 100, 40],
    ['r>=', 20, 40],
    ['r>=', null, 40],
    ['r<>', null, 40],
    ['r<>', 'a', 'a'],
    ['r!=', 'a', 'a'],
  ])('a read with the known operator %s cannot have returned %j if the operand is %j', (kind, value, given) => {
    expect(result([written(value), later([kind, 'accounts/1/balance', given])])).not.toBe('met')
  })

  test('"serializable" is unknown if no written value satisfies the comparison of a read, and the reason names read and write', () => {
    const guarded: Ran = {
      ...later(['r>=', 'accounts/1/balance', 40], ['add', 'accounts/1/balance', -40]),
      locks: [['accounts/1', 25, 26]],
      statements: [['UPDATE accounts … AND balance >= 40', 2, 22, 25]],
    }
    expect(judged([written(20), guarded]).levels['serializable']).toMatchObject({
      result: 'unknown',
      reason: {
        text: expect.stringMatching(
          /of events:4 read accounts\/1\/balance \(UPDATE .* >= 40\), which no recorded write explains \(the newest version that it may have seen: the transaction of events:2 wrote 20 to accounts\/1\/balance/,
        ),
      },
    })
  })

  test('a read without a recorded value or comparison may have returned any value', () => {
    for (const value of [1, null]) expect(result([written(value), later(['r', 'accounts/1/balance'])])).toBe('met')
  })

  test('a read with a known comparison orders transactions, so that a write skew violates "serializable"', () => {
    const [a, b] = ['accounts/1/balance', 'accounts/2/balance']
    const start: Ran = {
      ...{
        from: 0,
        to: 10,
        micro: [
          ['w', a, 10],
          ['w', b, 10],
        ],
      },
      locks: [
        ['accounts/1', 2, 1],
        ['accounts/2', 2, 1],
      ],
    }
    const skewed = (mine: string, other: string, row: string): Ran => ({
      ...{
        from: 20,
        to: 40,
        micro: [
          ['r!>=', other, 20],
          ['w', mine, 30],
        ],
        locks: [[row, 25, 35]],
      },
      statements: [
        ['SELECT', 1, 20, 21],
        ['UPDATE', 1, 22, 25],
      ],
    })
    const both = [start, skewed(a, b, 'accounts/1'), skewed(b, a, 'accounts/2')]
    expect(result(both)).toBe('violated')
  })
})

describe('versions reported by a recorder', () => {
  const lost = (second: number): readonly Ran[] => [
    {
      from: 0,
      to: 30,
      micro: [
        ['r', 'n/1/v', 0],
        ['w', 'n/1/v', 1],
      ],
      more: { versions: [-1, 0] },
    },
    {
      from: 10,
      to: 20,
      micro: [
        ['r', 'n/1/v', second],
        ['w', 'n/1/v', 1],
      ],
      more: { versions: [second - 1, 1] },
    },
  ]

  test('recorded versions show a lost update even if both writes are equal and no lock was held', () => {
    expect(judged(lost(0)).levels['serializable']?.result).toBe('violated')
    expect(judged(lost(1)).levels['serializable']?.result).toBe('met')
  })

  test('recorded versions are ignored if one of the committed transactions has no version', () => {
    const [one, other] = lost(0)
    expect(judged([one!, { ...other!, more: {} }]).levels['serializable']?.result).not.toBe('violated')
  })
})
