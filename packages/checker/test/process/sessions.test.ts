import { levels } from '@chaosproxy/checker'
import type { EventInput, Header } from '@chaosproxy/history'
import { describe, expect, inject, test } from 'vitest'
import { smallHistory } from '../../../testing/src/small-history.ts'
import { checkHistory, resultOf } from '../checking.ts'
import { many } from '../many.ts'
import { agree, agreeUnnamed, named, noCounts, weakLevels } from '../session-agreement.ts'

// Tests clients with several processes. If an operation of a client returned before another operation of the same
// client was called, the first one precedes the second one. The seed changes with each run; a failure reports it.

const baseSeed = inject('seed')

test.each([0, 1])(
  'for a client with concurrent operations, the verdict on each level agrees with its definition (part %i)',
  (part) => {
    const counts = noCounts()
    for (let n = 0; counts.judged < many(1_500); n++) agree(baseSeed + part * 100_000_000 + n, counts)
    expect(counts.overlapping).toBeGreaterThan(counts.judged * 0.5)
    for (const level of ['sequential', ...weakLevels] as const) {
      expect(counts.met[level], level).toBeGreaterThan(counts.judged * 0.04)
      expect(counts.violated[level], level).toBeGreaterThan(counts.judged * 0.04)
    }
  },
)

test('the verdicts on operations without client names hold for every assignment of operations to clients', () => {
  const counts = noCounts()
  for (let n = 0; counts.judged < many(1_000); n++) agreeUnnamed(baseSeed + 500_000_000 + n, counts)
  for (const level of ['sequential', ...weakLevels] as const) {
    expect(counts.met[level], level).toBeGreaterThan(counts.judged * 0.02)
    expect(counts.violated[level], level).toBeGreaterThan(counts.judged * 0.02)
  }
})

/** One client over two connections, with its writes on one and its reads on the other. */
const overTwo = (write: number, read: number, session: string | undefined): EventInput[] => {
  const extra = session === undefined ? {} : { session }
  return [
    { process: 0, type: 'invoke', f: 'write', key: 'x', value: write, ...extra },
    { process: 0, type: 'ok', f: 'write', key: 'x', value: write },
    { process: 1, type: 'invoke', f: 'read', key: 'x', value: null, ...extra },
    { process: 1, type: 'ok', f: 'read', key: 'x', value: read === 0 ? null : read },
  ]
}

describe('one client over two connections', () => {
  const rests = ['sequential', ...weakLevels] as const

  test('a client that misses its own write on a second connection violates read-your-writes, and is named', () => {
    const report = checkHistory(smallHistory(overTwo(1, 0, 'alice'), named), { levels })
    const verdict = report.levels['read-your-writes']
    if (verdict.result !== 'violated') expect.fail(verdict.result)
    expect(verdict.counterexample.sentence).toBe('alice wrote x = 1, but then read x = null, not its own 1.')
    expect(resultOf(report, 'sequential')).toBe('violated')
  })

  test('one client over two connections is distinguished from two clients with different names', () => {
    const apart = overTwo(1, 0, 'alice').map((event) =>
      event.process === 1 && event.type === 'invoke' ? { ...event, session: 'bob' } : event,
    )
    expect(resultOf(checkHistory(smallHistory(apart, named), { levels }), 'sequential')).toBe('met')
  })

  test.each([undefined, 'connection 7'])(
    'the levels between linearizable and eventual are unknown for an unnamed client, and the reason has a remedy (session: %s)',
    (session) => {
      const header: Header = { chaos: 1, sessions: { by: 'connection', named: false } }
      const report = checkHistory(smallHistory(overTwo(1, 0, session), header), { levels })
      expect(report.headline).toBe(
        'not linearizable; sequential and below unknown: nothing in the record names the client',
      )
      for (const level of rests) {
        const verdict = report.levels[level]
        if (verdict.result !== 'unknown') expect.fail(`${level} is ${verdict.result}`)
        expect(verdict.reason.text).toBe(
          'nothing in the record names the client; say in the route table which header or cookie does: "client": "header.X-Client"',
        )
      }
    },
  )

  test.each([
    [['process'] as const, 'nothing in the record names the client; if "who" does: --map process=who'],
    [
      ['key'] as const,
      'nothing in the record names the client; write it in every line, as "client", or say which member has it: --map process=MEMBER',
    ],
  ])(
    'if no line names a client, the remedy names an unused member only if this member may be the client: %j',
    (mayBe, text) => {
      const header: Header = { chaos: 1, sessions: { by: 'operation', named: false } }
      const taken = [{ member: 'who', as: 'nothing', count: 2, of: 2, words: [], mayBe }]
      const report = checkHistory({ ...smallHistory(overTwo(1, 0, undefined), header), taken }, { levels })
      for (const level of rests) expect(report.levels[level]).toMatchObject({ result: 'unknown', reason: { text } })
      expect(resultOf(report, 'linearizable')).toBe('violated')
    },
  )

  test('if operations lack a client, the remedy names the member that holds the client according to the header', () => {
    const header: Header = { chaos: 1, sessions: { by: 'member "client"', named: true } }
    const report = checkHistory(smallHistory(overTwo(1, 0, undefined), header), { levels })
    const text =
      'nothing in the record names the client of 2 of 2 operations; name the client in member "client" of every line'
    expect(report.levels.sequential).toMatchObject({ result: 'unknown', reason: { text } })
  })

  test('a linearizable history with an unnamed client meets all levels', () => {
    const header: Header = { chaos: 1, sessions: { by: 'connection', named: false } }
    const report = checkHistory(smallHistory(overTwo(1, 1, undefined), header), { levels })
    expect(report.headline).toBe('linearizable')
    for (const level of rests) expect(resultOf(report, level)).toBe('met')
  })

  test('an unnamed client that reads an unwritten value violates every level between linearizable and eventual', () => {
    const report = checkHistory(smallHistory(overTwo(1, 7, undefined), named), { levels })
    for (const level of rests) expect(resultOf(report, level), level).toBe('violated')
  })

  test('levels between linearizable and eventual are unknown if a client reads writes of unnamed clients in reverse order', () => {
    const call = (process: number, f: string, value: number, extra: { session?: string }): EventInput[] => [
      { process, type: 'invoke', f, key: 'x', value: f === 'read' ? null : value, ...extra },
      { process, type: 'ok', f, key: 'x', value },
    ]
    const writes = [...call(0, 'write', 1, {}), ...call(0, 'write', 2, {})]
    const reads = [2, 1].flatMap((value) => call(1, 'read', value, { session: 'alice' }))
    const report = checkHistory(smallHistory([...writes, ...reads], named), { levels })
    for (const level of rests) expect(resultOf(report, level), level).toBe('unknown')
  })

  test('the verdict on a client with unnamed operations states their number', () => {
    const some = overTwo(1, 0, 'alice').map((event) => (event.process === 1 ? { ...event, session: undefined } : event))
    const verdict = checkHistory(smallHistory(some, named), { levels }).levels.sequential
    expect(verdict).toMatchObject({
      result: 'unknown',
      reason: {
        kind: 'record',
        text: expect.stringMatching(
          /^nothing in the record names the client of 1 of 2 operations; have every request say header.X-Client/,
        ),
      },
    })
  })
})

describe('a lock', () => {
  const held = (release: string | undefined, header: Header = named): string => {
    const call = (process: number, f: string, session: string | undefined): EventInput[] => [
      { process, type: 'invoke', f, value: null, ...(session === undefined ? {} : { session }) },
      { process, type: 'ok', f, value: null },
    ]
    const events = [...call(0, 'acquire', 'alice'), ...call(1, 'release', release), ...call(2, 'acquire', 'bob')]
    return resultOf(
      checkHistory(smallHistory(events, header), { model: 'lock', levels: ['linearizable'] }),
      'linearizable',
    )
  }

  test('a lock may be released over any connection of its holder', () => {
    expect(held('alice')).toBe('met')
    expect(held('carol')).toBe('violated')
  })

  test('the verdict on a lock is unknown if the client that released it has no name', () => {
    expect(held(undefined)).toBe('unknown')
  })
})
