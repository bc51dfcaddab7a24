import { type Event, nanos } from '@chaosproxy/history'
import type { Progress, RunEvent } from '@chaosproxy/runner'
import { expect, test } from 'vitest'
import { emptyView, noticedText, tabTitle, type View, withMessage } from '../../src/browser/view.ts'
import { frameFor } from '../../src/live/frame.ts'
import { createLiveRun, type LiveRun } from '../../src/live/live-run.ts'

const ms = (value: number) => nanos(value * 1e6)

let index = 0
const event = (members: Partial<Event> & Pick<Event, 'time' | 'type'>) =>
  ({
    type: 'event',
    event: { index: index++, process: 0, f: 'read', key: 'x', value: null, node: 'n1', ...members },
  }) as const

const nemesis = (time: number, f: string, value: Event['value']) =>
  event({ time: ms(time), type: 'info', process: 'nemesis', f, value, node: undefined, key: undefined })

const status = (elapsed: number, more: Partial<Progress> = {}): RunEvent => ({
  type: 'status',
  progress: {
    ...{
      stage: 'working',
      elapsed: ms(elapsed),
      counts: { ok: 0, fail: 0, info: 0 },
      level: 'linearizable',
      soFar: 'linearizable',
    },
    ...{ activeFaults: [], leader: undefined, nodes: [{ node: 'n1' }], ...more },
  },
})

const shown = (live: LiveRun) => ({ number: 1, live, verdict: undefined, report: undefined })

test('a fault is in force until its heal event, and this event contains the number of hits', () => {
  const live = createLiveRun()
  live.fold(nemesis(100, 'partition', { id: 'by hand 1', links: ['n1>n2', 'n2>n1'], mode: 'hold' }))
  expect(live.faults.rows).toMatchObject([
    { id: 'by hand 1', text: 'partition {n1 | n2}', byHand: true, links: ['n1>n2', 'n2>n1'], from: 100 },
  ])
  live.fold(nemesis(300, 'heal', { id: 'by hand 1', fault: 'partition', hits: 7 }))
  expect(live.faults.rows).toMatchObject([{ to: 300, hits: 7 }])
})

test('a fault of an unknown kind is shown by its name', () => {
  const live = createLiveRun()
  live.fold(nemesis(100, 'earthquake', { id: 'f1', magnitude: 7 }))
  expect(live.faults.rows).toMatchObject([{ kind: 'earthquake', text: 'earthquake', byHand: false }])
})

test('a node that answers has its reported role, and an unresponsive node has no role', () => {
  const live = createLiveRun()
  const leader = { role: 'leader', leads: true, term: 3 }
  live.fold(status(100, { nodes: [{ node: 'n1', status: leader }, { node: 'n2' }] }))
  expect(live.nodes).toEqual([
    { node: 'n1', ...leader, rate: 0 },
    { node: 'n2', rate: 0 },
  ])
})

test('the lag of a node is measured against the entries that another node had applied at the previous status event', () => {
  const live = createLiveRun()
  const told = (elapsed: number, leader: number, follower: number) =>
    live.fold(
      status(elapsed, {
        nodes: [leader, follower].map((applied, i) => ({
          node: `n${i + 1}`,
          status: { role: 'node', leads: i === 0, applied },
        })),
      }),
    )
  told(1_000, 100, 100)
  told(1_100, 300, 100)
  expect(live.nodes.map(({ lag }) => lag)).toEqual([0, 0])
  told(1_600, 320, 110)
  expect(live.nodes.map(({ lag }) => lag)).toEqual([0, 190])
})

test('the clock error of a node is the sum of its active jumps and drifts', () => {
  const live = createLiveRun()
  live.fold(nemesis(1_000, 'clock', { id: 'f1', nodes: ['n1'], offsetMs: -250, driftPpm: 100_000 }))
  live.fold(nemesis(1_000, 'clock', { id: 'f2', nodes: ['n1', 'n2'], offsetMs: 50, driftPpm: 0 }))
  live.fold(status(2_000, { nodes: [{ node: 'n1' }, { node: 'n2' }, { node: 'n3' }] }))
  expect(live.nodes.map(({ clockMs }) => clockMs)).toEqual([-100, 50, undefined])
  live.fold(nemesis(2_000, 'heal', { id: 'f1', fault: 'clock', hits: 1 }))
  live.fold(status(2_100, { nodes: [{ node: 'n1' }] }))
  expect(live.nodes.map(({ clockMs }) => clockMs)).toEqual([50])
})

test('an operation is shown in a short text even if its value is missing or is a megabyte long', () => {
  const live = createLiveRun()
  const values = [undefined, 'a'.repeat(1_000_000)] as unknown as Event['value'][]
  for (const value of values) live.fold(event({ time: ms(5), type: 'ok', value }))
  expect(live.tail().map(({ text }) => text.length)).toEqual([6, expect.any(Number)])
  expect(live.tail()[1]!.text.length).toBeLessThan(100)
})

test('the sample of operations on the live page includes failed operations even after thousands of successes', () => {
  const live = createLiveRun()
  for (let i = 0; i < 5_000; i++) live.fold(event({ time: ms(i / 10), type: 'ok', value: 1 }))
  live.fold(event({ time: ms(999), type: 'fail', error: 'refused' }))
  expect(live.tail().at(-1)).toMatchObject({ outcome: 'fail', error: 'refused' })
})

/** `steady` receives every frame, and `sleepy` misses most of them. */
test('a page that missed frames or lost its connection finally shows the same as an undisturbed page', () => {
  const live = createLiveRun()
  let steady: View = emptyView
  let sleepy: View = emptyView
  for (let i = 0; i < 3_000; i++) {
    const at = i * 40
    live.fold(event({ time: ms(at), type: 'invoke' }))
    live.fold(event({ time: ms(at + 2), type: i % 7 === 0 ? 'info' : 'ok', ...(i % 7 ? {} : { error: `lost ${i}` }) }))
    if (i % 100 === 50) live.fold(nemesis(at, 'kill', { id: `f${i}`, nodes: ['n1'] }))
    if (i % 100 === 90) live.fold(nemesis(at, 'heal', { id: `f${i - 40}`, fault: 'kill', hits: 1 }))
    live.fold(status(at + 3))
    if (i % 5 === 0) steady = withMessage(steady, frameFor(shown(live), steady.had))
    if (i % 700 === 0) sleepy = withMessage({ ...sleepy, connection: 'lost' }, frameFor(shown(live), sleepy.had))
  }
  steady = withMessage(steady, frameFor(shown(live), steady.had))
  sleepy = withMessage(sleepy, frameFor(shown(live), sleepy.had))
  const counted = ({ rows }: View['bins']) => rows.map(([ok, fail, info]) => [ok, fail, info])
  expect(counted(sleepy.bins)).toEqual(counted(steady.bins))
  expect(counted(steady.bins).reduce((sum, [ok, , info]) => sum + ok! + info!, 0)).toBe(3_000)
  expect(sleepy.faults).toEqual(steady.faults)
  expect(sleepy.had).toEqual(steady.had)
})

test('a page that was connected to another run receives the whole state of the new run', () => {
  const live = createLiveRun()
  live.fold(event({ time: ms(250), type: 'ok' }))
  live.fold(status(260))
  const had = { run: 7, width: 100, bins: 2, faultsVersion: 0, verdict: 3 }
  expect(frameFor(shown(live), had)).toMatchObject({ bins: { from: 0 }, faults: [] })
})

test('the counts of a finished run equal those of its history, regardless of the last progress event', () => {
  const live = createLiveRun()
  live.fold(status(100, { counts: { ok: 1_330, fail: 0, info: 1 } }))
  live.counted({ ok: 1_331, fail: 0, info: 1 })
  expect(frameFor(shown(live), { run: 0, width: 0, bins: 0, faultsVersion: -1, verdict: -1 }).counts.ok).toBe(1_331)
})

test('the live page shows the level of a violation, and the number of events from its occurrence to its detection', () => {
  const live = createLiveRun()
  const had = { run: 0, width: 0, bins: 0, faultsVersion: -1, verdict: -1 }
  const violation = { level: 'strict-serializable', noticedAfter: 12, key: undefined, position: 3, clientPosition: 3 }
  expect(frameFor(shown(live), had).violation).toBeUndefined()
  live.fold({ type: 'violation', violation: { ...violation, process: 0, sentence: 'It read too little.' } })
  const frame = frameFor(shown(live), had)
  expect(frame.violation).toEqual({ level: 'strict-serializable', noticedAfter: 12 })
  expect(tabTitle(withMessage(emptyView, frame))).toBe('Not strict serializable · chaos')
  expect(noticedText(frame.violation)).toBe('Noticed 12 events after it happened.')
  expect(noticedText({ level: 'linearizable', noticedAfter: 1 })).toBe('Noticed 1 event after it happened.')
  expect(noticedText({ level: 'linearizable', noticedAfter: 0 })).toBe('The violation was noticed when it happened.')
})
