import { check } from '@chaosproxy/checker'
import type { Fault } from '@chaosproxy/faults'
import { type Header, millis } from '@chaosproxy/history'
import { leaseMember } from '@chaosproxy/runner/result'
import { describe, expect, test } from 'vitest'
import { type Made, made, summary } from '../../../testing/src/timeline.ts'
import { causesOf } from '../../src/facts/causes.ts'
import { factsOf } from '../../src/facts/facts.ts'
import { reproach } from '../../src/moments.ts'
import { tellingOf } from '../../src/telling/telling.ts'

// Tests what reports say about who held a lock, and whether its lease had ended.

function judge(operations: readonly Made[], extra?: Header['extra']) {
  const history = { ...made(operations), header: { chaos: 1 as const, model: 'lock', extra } }
  const report = check(history, {
    ...{ model: 'lock', initial: null, levels: ['linearizable'], failedCas: 'drop' },
    ...{ deadlineMs: millis(60_000), memoryBytes: 1e9, now: () => millis(performance.now()) },
  })
  return { ...factsOf({ history, report }), history, report }
}

const titleOf = (operations: readonly Made[]): string => judge(operations).headline.title

describe('the report of a lock violation', () => {
  const lock = (p: number, f: string, from: number, to: number, more: Partial<Made> = {}): Made => ({
    ...{ p, f, key: 'L', from: from * 1e6, to: to * 1e6 },
    ...more,
  })

  test('the report of a lock violation states for how long two clients held the lock', () => {
    const held = [
      lock(1, 'acquire', 0, 2),
      lock(2, 'acquire', 40, 43),
      lock(1, 'release', 60, 61),
      lock(2, 'release', 80, 81),
    ]
    expect(titleOf(held)).toBe('Two clients held lock L for 17 ms')
  })

  test('the report of a lock violation counts the grants of locks that other clients held', () => {
    const twice = (from: number, key: string): Made[] => [
      { ...lock(1, 'acquire', from, from + 2), key },
      { ...lock(2, 'acquire', from + 3, from + 5), key },
      { ...lock(1, 'release', from + 6, from + 7), key },
      { ...lock(2, 'release', from + 8, from + 9), key },
    ]
    const fine = [lock(1, 'acquire', 90, 91), lock(1, 'release', 92, 93), lock(2, 'acquire', 94, 95)]
    expect(titleOf([...twice(0, 'L'), ...twice(10, 'L'), ...twice(20, 'K'), ...fine])).toMatch(
      /^Two clients held lock \w for 1\.0 ms; a held lock was given 2 more times$/,
    )
    expect(titleOf([...twice(0, 'L'), ...twice(10, 'L')])).toMatch(/; a held lock was given once more$/)
  })

  test('the report of a lock violation counts a lock as held only until its holder first tried to release it', () => {
    const failed = lock(1, 'release', 50, 51, { type: 'fail' })
    const held = [lock(1, 'acquire', 0, 2), lock(2, 'acquire', 40, 43), failed, lock(2, 'release', 80, 81)]
    expect(titleOf(held)).toBe('Two clients held lock L for 7.0 ms')
  })

  test('the report of a lock violation states no duration if the first holder never released the lock', () => {
    const held = [lock(1, 'acquire', 0, 2), lock(2, 'acquire', 40, 43)]
    expect(titleOf(held)).toBe('Two clients held lock L at the same time')
  })

  test('the report of a lock violation does not claim two holders if the first had released the lock before', () => {
    const held = [lock(1, 'acquire', 0, 2), lock(1, 'release', 20, 21), lock(2, 'release', 40, 43)]
    expect(titleOf(held)).toBe('Not linearizable')
  })

  test("if the first holder's release failed, the report of a lock violation names the second grant", () => {
    const refused = lock(1, 'release', 20, 21, { type: 'fail' })
    const held = [lock(1, 'acquire', 0, 2), refused, lock(2, 'acquire', 40, 43), lock(2, 'release', 80, 81)]
    const { headline, counterexample: shown, history } = judge(held)
    expect(headline.title).toBe('p2 was given lock L, which p1 had not released')
    expect(shown?.sentence).toBe(
      'Process 1 held L from 0.002 s and failed to release it at 0.020 s; process 2 was given it at 0.043 s.',
    )
    expect(reproach(history, shown!)?.text).toBe("process 1's release at 0.020 s failed")
  })

  describe('with a lease', () => {
    const lasts = (ms: number) => leaseMember([{ name: 'lock-ms', isLeaseMs: true }], { 'lock-ms': ms })
    const held = [
      lock(1, 'acquire', 0, 20),
      lock(2, 'acquire', 400, 430),
      lock(1, 'release', 460, 461),
      lock(2, 'release', 480, 481),
    ]

    test.each([
      [300, "Process 1's lock was for 300 ms (lock-ms), which had passed."],
      // The lock was granted between 0 ms and 20 ms.
      [420, "Process 1's lock was for 420 ms (lock-ms), which may have passed."],
      [500, ''],
    ])('a lease of %i ms is reported as possibly expired only if it can have ended by the next grant', (ms, said) => {
      expect(judge(held, lasts(ms)).lease).toBe(said)
    })

    test('the report of a lock violation gives the end of the lease as a possible reason for a failed release', () => {
      const refused = lock(1, 'release', 390, 391, { type: 'fail' })
      const released = [lock(1, 'acquire', 0, 2), refused, lock(2, 'acquire', 400, 430), lock(2, 'release', 480, 481)]
      expect(judge(released, lasts(300)).lease).toContain('which had passed')
    })

    test('the report of a lock violation names the end of the lease as the cause, and proposes a remedy', () => {
      const { history, report, counterexample: shown, near } = judge(held, lasts(300))
      const [first] = causesOf({ history, report, counterexample: shown!, near })
      expect(first?.cause).toBe('A lock had expired, and its holder did not know.')
      expect(first?.remedy).toContain('token')
    })

    test('the report of an expired lease proposes an increasing token, and no settings for durability', () => {
      const { history, report } = judge(held, lasts(300))
      const run = { ...summary({ report }), weakness: 'data is in memory only', stronger: { wait: 'all' } }
      const { next, why } = tellingOf(factsOf({ history, report, run }), { history, run, again: 'npx chaos run' })
      expect(next.text).toMatch(/increasing token/)
      expect(next.command).toBe('npx chaos run')
      expect(why.settings).not.toContain('memory')
    })

    test('the report of a lock violation states that a wrong clock may have ended the lease early', () => {
      const { history, report } = judge(held, lasts(30_000))
      const clock: Fault = { kind: 'clock', nodes: ['n1'], offsetMs: 60_000, driftPpm: 0 } as never
      const struck = { id: '1', fault: clock, ...{ from: 100e6, to: 200e6, hits: 1, heal: 'scheduled' } } as never
      const weak = { weakness: 'data is in memory only', stronger: { appendonly: 'always' } }
      const run = { ...summary({ report, faults: [struck] }), ...weak }
      const { next, why } = tellingOf(factsOf({ history, report, run }), { history, run, again: 'npx chaos run' })
      expect(why.text).toMatch(/^A wrong clock may have ended the lock early: .*n1/)
      expect(why.certainty).toBe('likely')
      expect(next).toEqual({ text: expect.stringMatching(/increasing token/), command: 'npx chaos run' })
      expect(why.settings).not.toContain('memory')
      const calm = { ...summary({ report }), ...weak }
      expect(tellingOf(factsOf({ history, report, run: calm }), { history, run: calm }).next.text).toBe(
        'Try appendonly=always.',
      )
    })

    test.each([
      ['says nothing of it', undefined],
      ['says it in words', { lease: 'long' }],
      ['says less than nothing', { lease: { setting: 'lock-ms', ms: -1 } }],
    ])('the report of a lock violation names no expiry if the header of the history %s', (_, extra) => {
      expect(judge(held, extra).lease).toBe('')
    })
  })
})
