import { type EventInput, historyFromEvents, type Json, OK } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { type Guarantee, guarantees, streamLadder } from '../../src/stream/guarantees.ts'
import { judgingBy, withResult } from '../judged-guarantees.ts'
import { atLeast, many, manyOf } from '../many.ts'
import { drawn, eventsOf, type Operation } from '../random-streams.ts'

// Compares the checker with plain definitions of the guarantees, which examine all pairs and triples of operations in
// cubic time.

/** Returns the guarantees that a history breaks, and those that it leaves undecided. */
function byDefinition(operations: readonly Operation[]): { broken: Guarantee[]; open: Guarantee[] } {
  const lives = new Map<number, number>()
  const next = new Map<number, number>()
  const groups = new Map<number, 'joined' | 'unknown'>()
  /**
   * For each process that received an offset and has not polled since: the offset, and when the process received it.
   */
  const resumed = new Map<number, { readonly at: number; readonly offset: number }>()
  const all = operations.map((each, at) => {
    const process = each.p + 10 * (lives.get(each.p) ?? 0)
    if (each.f === 'send' && each.type === 'info') lives.set(each.p, (lives.get(each.p) ?? 0) + 1)
    if (['assign', 'subscribe', 'crash', 'lost poll'].includes(each.f)) {
      next.delete(process)
      resumed.delete(process)
    }
    if (['assign', 'keep', 'crash'].includes(each.f)) groups.delete(process)
    if (each.f === 'subscribe') groups.set(process, each.type === 'ok' ? 'joined' : 'unknown')
    const group = groups.get(process)
    const returned = each.f === 'poll' && each.from === null ? resumed.get(process) : undefined
    const least = each.f === 'poll' ? (each.from ?? next.get(process)) : undefined
    // A consumer resumes at the offset that an assignment returned. A commit of an offset states that all messages up
    // to it were processed. If a commit before the assignment covers the returned offset, the poll begins after this
    // offset.
    const isDone =
      returned !== undefined &&
      operations.slice(0, returned.at).some((o) => o.f === 'commit' && o.offset >= returned.offset)
    const from = least === undefined || !isDone ? least : least + 1
    if (each.f === 'poll' && group === undefined) {
      const after = each.got.length > 0 ? (each.got.at(-1)?.[0] ?? 0) + 1 : (each.from ?? undefined)
      if (after !== undefined) {
        next.set(process, after)
        resumed.delete(process)
      }
    }
    if (each.f === 'assign' && each.offset !== undefined) {
      next.set(process, each.offset)
      resumed.set(process, { at, offset: each.offset })
    }
    return {
      ...each,
      process,
      since: from,
      least,
      inGroup: group === 'joined' && each.f === 'poll' && each.from === null,
    }
  })
  const sends = all.flatMap((each, row) =>
    each.f === 'send' ? each.batch.map((message) => ({ ...message, row, type: each.type, process: each.process })) : [],
  )
  const polls = all.filter((each) => each.f === 'poll')
  const returned = sends.flatMap((s) => (s.type === 'ok' && s.offset !== null ? [[s.offset, s.value] as const] : []))
  const firstReturned = Math.min(...returned.map(([offset]) => offset))
  const polled = polls.flatMap(({ got }) => got)
  const known = [...returned, ...polled]
  const isSeen = ([offset, value]: readonly [number, number]) => polled.some(([o, v]) => o === offset && v === value)
  /** The ranges of offsets that polls skipped. */
  const passed = polls.flatMap(({ since, got }) =>
    got.map(([to], i): [number, number] => [i === 0 ? (since ?? to) : (got[i - 1]?.[0] ?? 0) + 1, to]),
  )
  const ofGroup = all.flatMap((each) => (each.f === 'poll' && each.inGroup ? each.got.map(([offset]) => offset) : []))
  const hasCommit = (offset: number) => all.some((each) => each.f === 'commit' && each.offset >= offset)
  const isSure = all.every(({ f }) => f !== 'lost poll')
  const isBeforeGroup = (offset: number) => ofGroup.some((o) => o > offset)
  const isPassedByGroup = (offset: number) =>
    isBeforeGroup(offset) && ofGroup.some((o) => o < offset) && !hasCommit(offset) && isSure
  /**
   * Returns the offset of a message: the one in its answer or, if the message was sent once, the one that all polls
   * show.
   */
  const placeOf = ({ value, offset, type }: (typeof sends)[number]) => {
    if (type === 'ok' && offset !== null) return offset
    const places = new Set(known.filter(([, v]) => v === value).map(([o]) => o))
    const isOnce = sends.filter((s) => s.value === value).length === 1
    return isOnce && type !== 'fail' && places.size === 1 ? [...places][0] : undefined
  }
  const isPassed = (offset: number) => passed.some(([from, to]) => from <= offset && offset < to)
  const ends = [...new Set(polls.map(({ process }) => process))].flatMap((process) => {
    const last = polls.filter((each) => each.final && each.process === process).slice(-5)
    const [first] = last
    const isEnd = last.length === 5 && last.every(({ got, since }) => got.length === 0 && since === first?.since)
    return isEnd && first?.since !== undefined ? [first.since] : []
  })
  const isReturned = ([offset, value]: readonly [number, number]) =>
    returned.some(([o, v]) => o === offset && v === value)
  const hasUnplaced = sends.some(({ value }) => {
    const own = sends.filter((s) => s.value === value && s.type === 'ok' && s.offset === null).length
    return own > new Set(polled.filter((each) => each[1] === value && !isReturned(each)).map(([o]) => o)).size
  })
  /**
   * For each polled message that no earlier send explains, the reason. `failed`: every send of it failed. `older`: its
   * offset is lower than every acknowledged offset, so it may be older than the history. `early`: no send of it began
   * before the poll.
   */
  const unsent = all.flatMap((each, at) =>
    each.f !== 'poll'
      ? []
      : each.got.flatMap(([offset, value]): ('failed' | 'early' | 'older')[] => {
          const own = sends.filter((s) => s.value === value && s.row < at)
          const isSource = (s: (typeof sends)[number]) =>
            s.type !== 'fail' &&
            (s.type === 'info' || s.offset === null || s.offset === offset || !isReturned([offset, value]))
          if (own.some(isSource)) return []
          if (isReturned([offset, value])) return ['early']
          const all = sends.filter((s) => s.value === value)
          if (all.length > 0 && all.every(({ type }) => type === 'fail')) return ['failed']
          return [offset >= firstReturned ? 'early' : 'older']
        }),
  )
  const breaks: { [guarantee in Guarantee]: boolean } = {
    'consistent-offsets':
      known.some(([o, v]) => known.some(([o2, v2]) => o === o2 && v !== v2)) ||
      returned.some(([o], i) => returned.some(([o2], j) => i < j && o === o2)),
    'no-duplicates': known.some(([, value]) => {
      const own = sends.filter((s) => s.value === value && s.type !== 'fail')
      const free = own.filter((s) => s.type === 'info' || s.offset === null).length
      const places = new Set(known.filter((each) => each[1] === value && !isReturned(each)).map(([o]) => o)).size
      return own.length > 0 && places > free
    }),
    'no-aborted-reads': unsent.some((each) => each !== 'older'),
    'monotonic-sends': sends.some((s, i) =>
      sends.some((t, j) => {
        const [before, after] = [placeOf(s), placeOf(t)]
        const isInOrder = i < j && s.process === t.process && (s.type === 'ok' || s.row === t.row)
        return isInOrder && before !== undefined && after !== undefined && after <= before
      }),
    ),
    'monotonic-polls': polls.some(
      ({ least, got }) =>
        got.some(([offset], i) => i > 0 && offset <= (got[i - 1]?.[0] ?? 0)) ||
        (least !== undefined && got[0] !== undefined && got[0][0] < least),
    ),
    'no-skips': known.some(([offset]) => isPassed(offset)),
    'no-lost-writes': returned.some((each) => !isSeen(each) && (isPassed(each[0]) || isPassedByGroup(each[0]))),
    'committed-starts': all.some((start, at) => {
      if (start.f !== 'assign' || start.offset === undefined) return false
      const { offset } = start
      const highest = Math.max(
        ...all.slice(0, at).map((each) => (each.f === 'commit' ? each.offset : Number.NEGATIVE_INFINITY)),
      )
      return known.some(([o]) => o > highest && o < offset)
    }),
    'no-unseen': known.some(([offset]) => ends.some((from) => offset >= from)),
  }
  const isUnreached = returned.some((each) => !isSeen(each) && !ends.some((from) => from <= each[0]))
  const leavesOpen: { [guarantee in Guarantee]?: boolean } = {
    'no-aborted-reads': unsent.includes('older'),
    'no-lost-writes':
      hasUnplaced ||
      isUnreached ||
      returned.some((each) => !isSeen(each) && !isPassed(each[0]) && isBeforeGroup(each[0])),
    'no-unseen': hasUnplaced || isUnreached,
  }
  return {
    broken: guarantees.filter((each) => breaks[each]),
    open: guarantees.filter((each) => !breaks[each] && leavesOpen[each] === true),
  }
}

const judge = judgingBy('stream', streamLadder.levels)

test(`the verdicts on streams agree with the definitions of the guarantees on ${manyOf(20_000)} small histories`, () => {
  const counts = new Map<Guarantee, number>()
  for (let seed = 1; seed <= many(20_000); seed++) {
    const operations = drawn(seed)
    const { broken, open } = byDefinition(operations)
    const report = judge(eventsOf(operations))
    const found = {
      broken: withResult(guarantees, report, 'violated'),
      open: withResult(guarantees, report, 'unknown'),
    }
    // A history without acknowledged sends, or without polls, is not judged.
    if (operations.some(({ f }) => f === 'poll') && operations.some((o) => o.f === 'send' && o.type === 'ok'))
      if (JSON.stringify(found) !== JSON.stringify({ broken, open }))
        expect(found, `seed ${seed}: ${JSON.stringify(operations)}`).toEqual({ broken, open })
    for (const each of found.broken) counts.set(each, (counts.get(each) ?? 0) + 1)
  }
  for (const each of guarantees) expect(counts.get(each) ?? 0, each).toBeGreaterThanOrEqual(atLeast(200))
})

test("each operation in the core of a stream's counterexample is necessary for the violation", () => {
  for (let seed = 1; seed <= many(2_000); seed++) {
    const events = eventsOf(drawn(seed))
    const history = historyFromEvents(events)
    const report = judge(events)
    for (const guarantee of withResult(guarantees, report, 'violated')) {
      const verdict = report.levels[guarantee]
      if (verdict.result !== 'violated') continue
      const core = verdict.counterexample.operations
        .filter(({ role }) => role === 'core')
        .map(({ operation }) => operation)
      const only = (rows: readonly number[]): boolean => {
        const positions = new Set(
          rows.flatMap((row) => [history.operations.callEvent[row], history.operations.returnEvent[row]]),
        )
        const kept = events.filter((_, i) => positions.has(i))
        return withResult(guarantees, judge(kept), 'violated').includes(guarantee)
      }
      // Skips a core that cannot be judged alone, because it has no acknowledged send or no answered poll.
      if (rowsNeedMore(history, core)) continue
      expect(only(core), `seed ${seed}: ${guarantee}`).toBe(true)
      for (const row of core) {
        const others = core.filter((each) => each !== row)
        // A message with more offsets than sends is duplicated. If a send is removed, the message still is, so for this
        // guarantee, only polls are removed.
        if (guarantee === 'no-duplicates' && history.functions[history.operations.f[row] ?? 0] !== 'poll') continue
        if (!rowsNeedMore(history, others))
          expect(only(others), `seed ${seed}: ${guarantee} without ${row}`).toBe(false)
      }
    }
  }
})

function rowsNeedMore(
  { operations, functions }: ReturnType<typeof historyFromEvents>,
  rows: readonly number[],
): boolean {
  const has = (...names: string[]) =>
    rows.some((row) => names.includes(functions[operations.f[row] ?? 0] ?? '') && operations.outcome[row] === OK)
  return !has('send', 'txn') || !has('poll')
}

test.each([
  ['an assignment that tells no offset', 'assign', ['k'], 'ok', {}],
  ['a poll that failed', 'poll', { k: null }, 'fail', { k: null }],
] as const)('a consumer of a stream may continue at another position after %s', (_, f, input, type, returned) => {
  const send = (value: number): EventInput[] => [
    { process: 1, type: 'invoke', f: 'send', key: 'k', value },
    { process: 1, type: 'ok', f: 'send', key: 'k', value },
  ]
  const poll = (from: number | null, got: [number, number][]): EventInput[] => [
    { process: 0, type: 'invoke', f: 'poll', value: { k: from } },
    { process: 0, type: 'ok', f: 'poll', value: { k: got } },
  ]
  const between: EventInput[] = [
    { process: 0, type: 'invoke', f, value: input as Json },
    { process: 0, type, f, value: returned as Json },
  ]
  const sends = [0, 1, 2, 3].flatMap(send)
  const [before, after] = [poll(0, [[0, 0]]), poll(null, [[3, 3]])]
  expect(judge([...sends, ...before, ...after]).levels['no-skips']).toMatchObject({ result: 'violated' })
  expect(judge([...sends, ...before, ...between, ...after]).levels['no-skips']).toMatchObject({ result: 'met' })
})

test('no-lost-writes is met if a consumer read each acknowledged message, and unknown if no consumer reached one of them', () => {
  const done = (f: string, value: Json, type: 'ok' | 'fail', returned: Json): EventInput[] => [
    { process: 0, type: 'invoke', f, value, ...(f === 'send' ? { key: 'k' } : {}) },
    { process: 0, type, f, value: returned, ...(f === 'send' ? { key: 'k' } : {}) },
  ]
  const sends = [...done('send', 1, 'ok', 0), ...done('send', 2, 'ok', 1)]
  const gone = [...sends, ...done('poll', { k: 0 }, 'ok', { k: [[0, 1]] }), ...done('poll', { k: 1 }, 'fail', null)]
  const kept = [
    ...sends,
    ...done('poll', { k: 0 }, 'ok', {
      k: [
        [0, 1],
        [1, 2],
      ],
    }),
  ]
  expect(judge(gone).levels['no-lost-writes'].result).toBe('unknown')
  expect(judge(kept).levels['no-lost-writes'].result).toBe('met')
})
