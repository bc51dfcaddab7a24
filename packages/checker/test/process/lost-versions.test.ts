import { type EventInput, historyFromEvents, type Json } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { UNKNOWN_START } from '../../src/encoding/unknown-start.ts'
import { checkHistory } from '../checking.ts'

type Line = readonly [process: number, type: EventInput['type'], f: string, value?: Json]

/** A history of the key x. Invocations of writes and cas lack the version. */
const historyOf = (...lines: readonly Line[]) =>
  historyFromEvents(
    lines.map(([process, type, f, value], time): EventInput => {
      const extra = type === 'invoke' && f !== 'read' ? { extra: { unsaid: 'version' } } : {}
      return { time, process, type, f, key: 'x', ...(value === undefined ? {} : { value }), ...extra }
    }),
  )

const verdict = (...lines: readonly Line[]) => checkHistory(historyOf(...lines)).levels.linearizable.result
const fromAnywhere = (...lines: readonly Line[]) =>
  checkHistory(historyOf(...lines), { initial: UNKNOWN_START }).levels.linearizable.result

const wrote = (process: number, version: Json): readonly Line[] => [
  [process, 'invoke', 'write'],
  [process, 'ok', 'write', version],
]
const lost = (process: number): readonly Line[] => [
  [process, 'invoke', 'write'],
  [process, 'info', 'write'],
]
const swapped = (process: number, from: Json, to: Json): readonly Line[] => [
  [process, 'invoke', 'cas', [from, null]],
  [process, 'ok', 'cas', [from, to]],
]
const lostSwap = (process: number, from: Json): readonly Line[] => [
  [process, 'invoke', 'cas', [from, null]],
  [process, 'info', 'cas'],
]
const read = (process: number, version: Json): readonly Line[] => [
  [process, 'invoke', 'read', null],
  [process, 'ok', 'read', version],
]

describe('a write whose answer lacks its version', () => {
  test('a write of unknown version may have created a version that was read, if no known write created this version', () => {
    expect(verdict(...wrote(0, 1), ...lost(1), ...read(0, 2), ...swapped(0, 2, 3), ...read(0, 3))).toBe('met')
    expect(verdict(...wrote(0, 1), ...lost(1), ...read(0, 1), ...wrote(0, 3), ...read(0, 3))).toBe('met')
  })

  test('a write of unknown version may have created one version of unknown origin, but not two', () => {
    expect(verdict(...wrote(0, 1), ...lost(1), ...read(0, 2), ...read(0, 3))).toBe('violated')
    expect(verdict(...wrote(0, 1), ...lost(1), ...lost(2), ...read(0, 2), ...read(0, 3))).toBe('met')
  })

  test('a write of unknown version did not create a version that was read before the call of the write', () => {
    expect(verdict(...wrote(0, 1), ...read(0, 2), ...lost(1))).toBe('violated')
    expect(fromAnywhere(...read(0, 2), ...wrote(0, 1), ...lost(1), ...read(0, 1))).toBe('met')
  })

  test('a write of unknown version does not explain a later read of an overwritten version', () => {
    expect(verdict(...wrote(0, 1), ...wrote(0, 2), ...lost(1), ...read(0, 1))).toBe('violated')
    expect(verdict(...wrote(0, 1), ...lost(1), ...read(0, 2), ...wrote(0, 3), ...read(0, 2))).toBe('violated')
  })
})

describe('a cas whose answer lacks its version', () => {
  test('a cas of unknown version may have replaced only the version that it expected', () => {
    expect(verdict(...wrote(0, 1), ...lostSwap(1, 1), ...read(0, 2))).toBe('met')
    expect(verdict(...wrote(0, 1), ...lostSwap(1, 1), ...read(0, 1), ...swapped(0, 1, 3))).toBe('met')
    expect(verdict(...wrote(0, 1), ...wrote(0, 2), ...lostSwap(1, 1), ...read(0, 3))).toBe('violated')
  })

  test('a cas of unknown version may have replaced a version that another cas of unknown version created', () => {
    const chain = [
      ...wrote(0, 1),
      ...lostSwap(1, 1),
      ...lostSwap(2, 1),
      ...read(0, 2),
      ...lostSwap(3, 2),
      ...read(0, 3),
    ]
    expect(verdict(...chain)).toBe('met')
    expect(verdict(...chain, ...read(0, 4))).toBe('violated')
  })
})

test('repeated versions make the verdict unknown, because they do not identify writes', () => {
  const repeated = [...wrote(0, 1), ...wrote(0, 2), ...wrote(0, 1), ...lost(1), ...read(0, 2)]
  expect(verdict(...repeated)).toBe('unknown')
})

test('check reports a stale read as a violation even if some writes of the history have an unknown version', () => {
  const stale = [...wrote(0, 1), ...wrote(0, 2), ...read(0, 2), ...read(0, 1)]
  const some = [...lost(1), ...read(0, 7), ...lost(2), ...read(0, 8), ...wrote(0, 9)]
  const { linearizable, sequential } = checkHistory(historyOf(...some, ...stale)).levels
  expect([linearizable.result, sequential.result]).toEqual(['violated', 'violated'])
})

/**
 * Returns the lines once for each assignment of versions to the lost writes. A write gets a version that was seen, or
 * one that was not.
 */
function* waysOf(lines: readonly Line[]): Generator<readonly Line[]> {
  const lostAt = lines.flatMap(([process, type], at) => (type === 'info' ? [[process, at] as const] : []))
  const written = new Set(
    lines.map(([, type, f, value]) => (type === 'ok' && f !== 'read' ? newOf(f, value) : undefined)),
  )
  const seen = [...new Set(lines.flatMap(([, type, f, value]) => (type === 'ok' ? seenBy(f, value) : [])))]
  const open = seen.filter((version) => version !== null && !written.has(version))
  yield* assign(0, lines, open)

  function* assign(n: number, so: readonly Line[], free: readonly Json[]): Generator<readonly Line[]> {
    const [process = -1] = lostAt[n] ?? []
    if (process < 0) return yield so
    for (const version of [`unseen ${n}`, ...free]) {
      const full = so.map((event): Line => {
        if (event[0] !== process || event[1] !== 'invoke' || event[2] === 'read') return event
        const [, type, f, value] = event
        const from = Array.isArray(value) ? ((value as readonly Json[])[0] ?? null) : null
        return [process, type, f, f === 'cas' ? [from, version] : version]
      })
      yield* assign(
        n + 1,
        full,
        free.filter((other) => other !== version),
      )
    }
  }
}

const seenBy = (f: string, value: Json = null): readonly Json[] =>
  f === 'read' ? [value] : f === 'cas' && Array.isArray(value) ? [(value as readonly Json[])[0] ?? null] : []

const newOf = (f: string, value: Json | undefined): Json | undefined =>
  f === 'cas' && Array.isArray(value) ? value[1] : value

/**
 * Returns random operations of a few clients on a register that holds versions. One answer in three is lost, and some
 * reads are wrong.
 */
function randomLines(random: () => number): readonly Line[] {
  const lines: Line[] = []
  let now = 0
  let last = 0
  let process = 3
  for (let i = 0; i < 7; i++) {
    const was = now
    const isLost = random() < 0.4
    const by = isLost ? ++process : Math.floor(random() * 3)
    if (random() < 0.45) {
      const seen = random() < 0.15 ? Math.max(0, last - 1) : now
      lines.push(...read(Math.floor(random() * 3), seen === 0 ? null : seen))
    } else if (random() < 0.5 && was !== 0) {
      const isDone = !isLost || random() < 0.5
      if (isDone) now = ++last
      lines.push(...(isLost ? lostSwap(by, was) : swapped(by, was, now)))
    } else {
      if (!isLost || random() < 0.5) now = ++last
      lines.push(...(isLost ? lost(by) : wrote(by, now)))
    }
  }
  return lines
}

test('verdicts on random histories with unknown versions agree with a search over every assignment of versions to writes', () => {
  const random = mulberry(7)
  const results = { met: 0, violated: 0, unknown: 0 }
  for (let n = 0; n < 300; n++) {
    const lines = randomLines(random)
    const { levels } = checkHistory(historyOf(...lines))
    const ways = [...waysOf(lines)].map((way) => checkHistory(completeHistoryOf(way)).levels)
    for (const level of ['linearizable', 'sequential', 'eventual'] as const) {
      const { result } = levels[level]
      const isPossible = ways.some((way) => way[level].result === 'met')
      const isDecided = ways.every((way) => way[level].result !== 'unknown')
      if (result === 'met') expect(isPossible, JSON.stringify([level, lines])).toBe(true)
      if (result === 'violated') expect(isPossible, JSON.stringify([level, lines])).toBe(false)
      if (level === 'linearizable' && isDecided) expect(result, JSON.stringify(lines)).not.toBe('unknown')
    }
    results[levels.linearizable.result]++
  }
  expect(results.unknown).toBe(0)
  expect(Math.min(results.met, results.violated)).toBeGreaterThan(30)
})

/** Returns the history of the lines. The invocation of a write or cas gets the value of its completion. */
const completeHistoryOf = (lines: readonly Line[]) =>
  historyFromEvents(
    lines.map(
      ([process, type, f, value], time): EventInput => ({
        ...{ time, process, type, f, key: 'x' },
        value: (type === 'invoke' ? answerOf(lines, time, process) : undefined) ?? value ?? null,
      }),
    ),
  )

/** Returns the value of the completion of a write or cas. Undefined for a read, and if there is no completion. */
const answerOf = (lines: readonly Line[], from: number, process: number): Json | undefined =>
  lines[from]?.[2] !== 'read' ? lines.slice(from + 1).find(([other]) => other === process)?.[3] : undefined

function mulberry(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
