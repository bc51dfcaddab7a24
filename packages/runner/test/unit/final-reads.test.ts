import { type Event, millis, millisToNanos, type Nanos, nanos } from '@chaosproxy/history'
import { register } from '@chaosproxy/workloads'
import { describe, expect, test } from 'vitest'
import { createRunRecorder } from '../../src/clients/recorder.ts'
import { readFinally } from '../../src/final-reads.ts'
import type { Cluster } from '../../src/ports/cluster.ts'
import type { Recovery } from '../../src/ports/run-outcome.ts'

const ANSWERS_AFTER = millisToNanos(millis(1))
const at = (ms: number): Nanos => millisToNanos(millis(ms))

/** A clock that advances to the next callback when no code is left to run. */
function virtualClock() {
  const waiting: { readonly time: Nanos; readonly callback: () => void }[] = []
  let time = nanos(0)
  return {
    clock: {
      now: () => time,
      at(due: Nanos, callback: () => void) {
        waiting.push({ time: nanos(Math.max(due, time)), callback })
        return () => {}
      },
    },
    run() {
      for (;;) {
        waiting.sort((a, b) => a.time - b.time)
        const next = waiting.shift()
        if (next === undefined) return
        time = next.time
        next.callback()
      }
    },
  }
}

/** Reads from two nodes. An old write, which its client has given up, reaches n1 at 300 ms and n2 at 320 ms. */
function readOf(options: {
  readonly lingersMs?: number
  readonly isGivenUp: boolean
  readonly refusal?: string
  readonly misread?: true | undefined
  readonly isUnderWay?: true
}) {
  const { clock, run } = virtualClock()
  const valueAt = (node: string) => (clock.now() < at(node === 'n1' ? 300 : 320) ? 1 : 2)
  const cluster: Cluster = {
    nodes: ['n1', 'n2'],
    clock,
    ...(options.lingersMs === undefined ? {} : { lingersMs: millis(options.lingersMs) }),
    connect: (node) => ({
      invoke(_request, _timeoutMs, completed) {
        const { refusal, misread } = options
        clock.at(nanos(clock.now() + ANSWERS_AFTER), () =>
          completed(
            refusal === undefined ? { type: 'ok', value: valueAt(node) } : { type: 'fail', error: refusal, misread },
          ),
        )
      },
      close() {},
    }),
    inject: () => {},
    status: () => new Map(),
    isUnderWay: () => options.isUnderWay === true,
    marked: () => [],
    stop: () => {},
  }
  const events: Event[] = []
  const recorder = createRunRecorder({ append: (event) => events.push(event) }, clock.now)
  if (options.isGivenUp) {
    const input = { f: 'write', key: 'x', value: 2 }
    const invocation = { process: recorder.newProcess(), node: 'n1', input, harmless: false, final: false }
    recorder.invoked(invocation)
    recorder.completed(invocation, { type: 'info', error: 'timeout' })
  }
  let convergedAfter: Nanos | undefined
  let recovery: Recovery | undefined
  let endedAfterMs = Number.NaN
  const inputs = [{ f: 'read', key: 'x', value: null }]
  readFinally(
    { cluster, recorder, workload: register, timeoutMs: millis(100), quietMs: millis(5_000), inputs },
    (read) => {
      convergedAfter = read.convergedAfter
      recovery = read.recovery
      endedAfterMs = Math.round(clock.now() / 1e6)
    },
  )
  run()
  const open = new Set(events.filter(({ final }) => final).map(({ process }) => process))
  const finals = events.filter(({ process, type }) => open.has(process) && type === 'ok').map(({ value }) => value)
  const told = { finals, convergedAfter: Math.round((convergedAfter ?? Number.NaN) / 1e6) }
  return options.refusal === undefined ? told : { ...told, recovery, endedAfterMs }
}

describe('the final reads of a run', () => {
  test('final reads wait for lasting agreement if an abandoned update may still take effect', () => {
    const { finals, convergedAfter } = readOf({ lingersMs: 500, isGivenUp: true })
    expect(finals).toEqual([2, 2])
    // `convergedAfter` is when the nodes began to agree, not when their agreement had lasted for `lingersMs`.
    expect(convergedAfter).toBeGreaterThanOrEqual(320)
    expect(convergedAfter).toBeLessThan(500)
  })

  test('final reads begin after the first agreement of the nodes if every update has a known outcome', () => {
    expect(readOf({ lingersMs: 500, isGivenUp: false })).toEqual({ finals: [1, 1], convergedAfter: 1 })
  })

  test('without `lingersMs`, final reads begin once the nodes agree, even if a write has an unknown outcome', () => {
    expect(readOf({ isGivenUp: true })).toEqual({ finals: [1, 1], convergedAfter: 1 })
  })

  test('reads are not final while the cluster still executes an operation of a client', () => {
    expect(readOf({ isGivenUp: false, isUnderWay: true }).finals).toEqual([])
  })

  test('the final reads end immediately if every read is refused for missing credentials', () => {
    expect(readOf({ isGivenUp: false, refusal: 'status 401: who are you?' })).toMatchObject({
      finals: [],
      recovery: { type: 'answered' },
      endedAfterMs: 2,
    })
    expect(readOf({ isGivenUp: false, refusal: 'status 404' })).toMatchObject({ endedAfterMs: 5_052 })
  })

  test.each([true, undefined] as const)(
    'the final reads distinguish a node without an answer from a node whose answer is not understood',
    (misread) => {
      expect(readOf({ isGivenUp: false, refusal: 'nothing at json.value', misread })).toMatchObject({
        finals: [],
        recovery: { type: 'unanswered', misread: misread === true },
      })
    },
  )
})
