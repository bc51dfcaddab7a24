import { nanos } from '@chaosproxy/history'
import type { PlannedRun, RunHandle } from '@chaosproxy/runner'
import { describe, expect, test } from 'vitest'
import { createLiveRun } from '../../src/live/live-run.ts'
import { parseOrder } from '../../src/steering/orders.ts'
import { injectFor } from '../../src/steering/steering.ts'

test.each([
  '',
  'hello',
  'null',
  '[]',
  '{}',
  '{"type":"stop"}',
  '{"type":"stop","order":"1"}',
  '{"type":"heal","order":1}',
  '{"type":"inject","order":1,"fault":[]}',
  '{"type":"inject","order":1,"fault":{"kind":7}}',
  '{"type":"resume"}',
  '{"type":"resume","had":{"run":1e99}}',
  '{"type":"shutdown","order":1}',
  `{"type":"stop","order":${'['.repeat(5_000)}`,
])('parseOrder refuses %j', (text) => {
  expect(parseOrder(text)).toBeUndefined()
})

test('parseOrder keeps the fault of an inject order unchanged', () => {
  const fault = { kind: 'partition', links: ['n1>n2'] }
  expect(parseOrder(JSON.stringify({ type: 'inject', order: 3, fault }))).toEqual({ type: 'inject', order: 3, fault })
})

describe('a fault injected by hand', () => {
  const injected: unknown[] = []
  const handle = {
    inject(fault: unknown, told: (outcome: object) => void) {
      injected.push(fault)
      told({ type: 'injected', heal() {} })
    },
  } as unknown as RunHandle
  const target = {
    name: 'raft',
    supports: (kind: string) => (kind === 'clock' ? { not: 'it reads no clock', instead: ['pause'] } : true),
  }
  const run = { target } as unknown as PlannedRun
  const working = () => {
    const live = createLiveRun()
    live.fold({ type: 'ready' })
    return live
  }
  const inject = (fault: { kind: string; [member: string]: unknown }, live = working()) =>
    injectFor({ run, live, handle, nodes: ['n1', 'n2'] }, { type: 'inject', order: 1, fault })

  test('a fault injected by hand takes effect if the target supports the fault', async () => {
    expect(await inject({ kind: 'kill', nodes: ['n1'] })).toBeUndefined()
    expect(injected).toEqual([{ kind: 'kill', nodes: ['n1'] }])
  })

  test('a fault is refused with the reason and an alternative if the target does not support it', async () => {
    expect(await inject({ kind: 'clock', nodes: ['n1'], offsetMs: 100 })).toBe(
      'raft cannot suffer clock: it reads no clock. Instead: pause.',
    )
  })

  test.each([
    [{ kind: 'kill', nodes: ['n9'] }, /no node n9/],
    [{ kind: 'partition', links: ['n1>n9'] }, /no node n9/],
    [{ kind: 'kill', nodes: [] }, /list of nodes/],
    [{ kind: 'explode', nodes: ['n1'] }, /explode/],
  ])('an invalid fault is refused with one sentence: %j', async (fault, words) => {
    expect(await inject(fault)).toMatch(words)
  })

  test('a fault is refused on a node that another fault has stopped, because its heal would start the node', async () => {
    const live = working()
    const value = { id: 'f1', nodes: ['n1'] }
    live.fold({
      type: 'event',
      event: { index: 0, time: nanos(5), process: 'nemesis', type: 'info', f: 'kill', value },
    })
    expect(await inject({ kind: 'pause', nodes: ['n1'] }, live)).toMatch(/n1 killed already/)
    expect(await inject({ kind: 'pause', nodes: ['n2'] }, live)).toBeUndefined()
  })

  test('a fault injected by hand is refused before the run has started', async () => {
    expect(await inject({ kind: 'kill', nodes: ['n1'] }, createLiveRun())).toMatch(/no faults now/)
  })
})
