import { historyFromEvents, nanos } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { watchBeats } from '../../src/drive.ts'
import { faultSpans } from '../../src/result/fault-spans.ts'
import { judgeRequirements } from '../../src/result/requirements/judge-requirements.ts'
import { parseRequirement } from '../../src/result/requirements/requirement.ts'
import { createBeats, type Standstill, standstillsOf } from '../../src/result/standstills.ts'

const at = (seconds: number) => nanos(seconds * 1e9)

describe('the detector of standstills of the chaos process', () => {
  test('no standstill of the chaos process is reported for delays of up to a second', () => {
    const beat = createBeats(at(0))
    expect([0.1, 0.2, 0.9, 1.8, 2.8].map((time) => beat(at(time)))).toEqual(Array(5).fill(undefined))
  })

  test('the start and the end of a standstill of the chaos process are reported', () => {
    const beat = createBeats(at(0))
    expect([0.1, 5.2, 5.3].map((time) => beat(at(time)))).toEqual([
      undefined,
      { from: at(0.1), to: at(5.2) },
      undefined,
    ])
  })

  test('the detector of standstills checks the clock every 100 ms until the run ends', () => {
    let now = at(0)
    const alarms: (() => void)[] = []
    const clock = {
      now: () => now,
      at: (_: number, callback: () => void) => {
        alarms.push(callback)
        return () => void alarms.splice(alarms.indexOf(callback), 1)
      },
    }
    const found: Standstill[] = []
    let isOver = false
    watchBeats(clock, { since: clock.now, stood: (each) => found.push(each), isOver: () => isOver })
    for (const time of [0.1, 0.2, 3.2, 3.3]) {
      now = at(time)
      alarms.shift()?.()
    }
    expect(found).toEqual([{ from: at(0.2), to: at(3.2) }])
    isOver = true
    alarms.shift()?.()
    expect(alarms).toEqual([])
  })
})

/** One read per second, each answered within 100 ms, and optionally the nemesis event of a standstill. */
const history = (standstill?: Standstill) =>
  historyFromEvents(
    [
      ...Array.from({ length: 8 }, (_, i) => [
        { time: at(i), process: 0, type: 'invoke' as const, f: 'read', key: 'x', value: null },
        { time: at(i + 0.1), process: 0, type: 'ok' as const, f: 'read', key: 'x', value: null },
      ]).flat(),
      ...(standstill === undefined
        ? []
        : [
            {
              time: standstill.to,
              process: 'nemesis',
              type: 'info' as const,
              f: 'stood-still',
              value: { from: standstill.from, to: standstill.to },
            },
          ]),
    ].toSorted((a, b) => a.time - b.time),
  )

const judged = (requirement: string, standstill?: Standstill) =>
  judgeRequirements([parseRequirement(requirement, 'require')], {
    history: history(standstill),
    report: undefined,
    faults: [
      { kind: 'kill', from: at(0), to: at(1.5) },
      { kind: 'pause', from: at(4), to: at(6) },
    ],
    convergedAfterHealNanos: at(1),
  })[0]

describe('requirements on a run with a standstill', () => {
  test.each(['availability >= 50%', 'p99 < 1s', 'p50 of read < 1s', 'recovery < 5s', 'convergence < 5s'])(
    'a requirement is undecided if a standstill may have changed the measurement: %s',
    (requirement) => {
      expect(judged(requirement)).toMatchObject({ met: true })
      expect(judged(requirement, { from: at(4.05), to: at(6.1) })).toMatchObject({
        met: 'unknown',
        why: 'the process of chaos was paused from 4.05 s to 6.10 s: availability and latency of that time mean nothing',
      })
    },
  )

  test('a requirement is judged despite a standstill if the standstill cannot have changed the measured values', () => {
    const standstill = { from: at(4.05), to: at(6.1) }
    expect(judged('availability during kill >= 50%', standstill)).toMatchObject({ met: true })
    expect(judged('availability during pause >= 50%', standstill)).toMatchObject({ met: 'unknown' })
    expect(judged('operations >= 1', standstill)).toMatchObject({ met: true })
  })
})

test('a standstill in a history is listed as a standstill, and not as a fault', () => {
  expect(standstillsOf(history({ from: at(1), to: at(3) }))).toEqual([{ from: at(1), to: at(3) }])
  expect(faultSpans(history({ from: at(1), to: at(3) }), undefined)).toEqual([])
})

test('an event "stood-still" of another program is ignored if its value has no valid times', () => {
  const strange = historyFromEvents([
    { process: 'nemesis', type: 'info', f: 'stood-still', value: null },
    { process: 'nemesis', type: 'info', f: 'stood-still', value: ['x'] },
    { process: 'nemesis', type: 'info', f: 'stood-still', value: { from: 'a', to: {} } },
  ])
  expect(standstillsOf(strange)).toEqual([])
})
