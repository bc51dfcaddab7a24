import { join } from 'node:path'
import { protocols } from '@chaosproxy/protocols'
import { type SearchStep, type SimulateStep, search, simulate } from 'chaosproxy'
import { describe, expect, test } from 'vitest'
import { root } from '../../../../testing/src/chaos.ts'
import { CURED, folderWith, RACING } from '../../../../testing/src/racing-register.ts'

const named = (name: string) => {
  const protocol = protocols.find((each) => each.name === name)
  if (protocol === undefined) throw new Error(`there is no ${name}`)
  return protocol
}

describe('search() of the API', () => {
  test('search() reports its progress, and the failures while it shrinks them', async () => {
    const told: SearchStep[] = []
    const settings = {
      bug: 'deaf-clock',
      seeds: 200,
      shrinkMs: 1,
      listener: (event: SearchStep) => void told.push(event),
    }
    const { found, trials, interrupted } = await search(named('master-master'), settings)
    expect(interrupted).toBe(false)
    expect(told.filter(({ type }) => type === 'progress').at(-1)).toMatchObject({ trials, causes: 1 })
    expect(told.at(-1)).toEqual({ type: 'shrinking', seed: found?.seed, cause: found?.cause })
  })

  test('an aborted search() returns its result, with the number of completed trials', async () => {
    const stop = new AbortController()
    const listener = () => stop.abort()
    const searched = await search(named('raft'), { seeds: 100_000, listener, signal: stop.signal })
    expect(searched.trials).toBe(1)
    expect(searched).toMatchObject({ found: undefined, interrupted: true })
    expect(searched.vacuous).toEqual([`it was ended after ${searched.trials} of 100000 trials`])
  })

  test('search() yields to the event loop, so that a timer can abort it', async () => {
    const searched = await search(named('raft'), { seeds: 1_000_000, signal: AbortSignal.timeout(50) })
    expect(searched.interrupted).toBe(true)
  })

  test('search() runs no trial if it is aborted before it starts', async () => {
    const searched = await search(named('raft'), { signal: AbortSignal.abort() })
    expect(searched).toMatchObject({ trials: 0, interrupted: true, vacuous: ['it was ended after 0 of 300 trials'] })
  })
})

describe('simulate() of the API', () => {
  test('simulate() reports every event of the history before the verdict', async () => {
    const told: SimulateStep[] = []
    const { history } = await simulate(named('raft'), { timeMs: 500, listener: (event) => void told.push(event) })
    const calls = told.filter((event) => event.type === 'event' && event.event.type === 'invoke')
    expect(calls).toHaveLength(history.operations.length)
    expect(told.at(-1)).toEqual({ type: 'checking', operations: history.operations.length })
  })

  test('an aborted simulate() heals the faults, performs the final reads and judges the history', async () => {
    const stop = new AbortController()
    let events = 0
    const listener = () => {
      events++
      if (events === 200) stop.abort()
    }
    const settings = { timeMs: 3_600_000, faults: ['partition'], listener, signal: stop.signal }
    const { history, report, interrupted } = await simulate(named('raft'), settings)
    expect(interrupted).toBe(true)
    expect(history.operations.length).toBeGreaterThan(50)
    expect(report.levels['linearizable']?.result).toBe('met')
    expect(report.levels['eventual']?.result).toBe('met')
  })
})

describe('a Node service in the API', () => {
  const declared = (program: string) => ({ entry: join(folderWith(program), 'server.ts'), nodes: 1 })
  const calm = { faults: [], clients: 4, workloadSettings: { cas: 0.5, keys: 1 } }

  test('search() finds a race across an await in a Node service, shrinks it and draws it', async () => {
    const { found } = await search(declared(RACING), { ...calm, seeds: 64 })
    expect(found).toMatchObject({ kind: 'violation', cause: 'not linearizable' })
    expect(found?.operations).toBeLessThan(60)
    expect(found?.drawn.join('\n')).toMatch(/time +clients[\s\S]+cas/)
    expect(found?.replay).toContain('"digest"')
  })

  test('simulate() runs a Node service once and judges the run, and the run can be repeated', async () => {
    const service = declared(CURED)
    const one = await simulate(service, { timeMs: 300, clients: 3 })
    expect(one.report.levels['linearizable']?.result).toBe('met')
    expect(one.vacuous).toEqual([])
    const again = await simulate(service, { timeMs: 300, clients: 3 })
    expect(again.history.operations).toEqual(one.history.operations)
  })

  test('a Node service that exits by itself is reported with the line of the thrown error', async () => {
    const dying = declared(`${CURED}\nsetTimeout(() => { throw new Error('boom') }, 100)`)
    await expect(simulate(dying, { timeMs: 300 })).rejects.toThrow(/on n1: it threw: Error: boom, at .*server\.ts:\d+/)
    const { found } = await search(dying, { ...calm, seeds: 1, shrinkMs: 1 })
    expect(found).toMatchObject({ kind: 'invariant', sentence: expect.stringContaining('boom') })
  })

  test('a search of a Node service is reported as proving little if no run reaches its reachable() assertion', async () => {
    const assertions = join(root, 'packages', 'assertions', 'src', 'index.ts')
    const asserting = declared(`
      import { reachable } from ${JSON.stringify(assertions)}
      if (process.uptime() < 0) reachable('the cold start')
      ${CURED}`)
    const { found, vacuous } = await search(asserting, { ...calm, seeds: 3 })
    expect({ found, vacuous }).toEqual({ found: undefined, vacuous: ['reachable "the cold start" was not met'] })
  })

  test('a search refuses a fault that cannot be injected into a Node service, and an unknown member', async () => {
    await expect(search(declared(CURED), { faults: ['duplicate'] })).rejects.toThrow(
      /simulated programs cannot suffer this fault/,
    )
    await expect(search({ ...declared(CURED), node: 3 } as never)).rejects.toThrow(
      'there is no member node. Did you mean nodes?',
    )
  })
})
