import { protocols } from '@chaosproxy/protocols'
import { type SearchStep, type SimulateStep, search, simulate } from 'chaosproxy'
import { describe, expect, test } from 'vitest'

const named = (name: string) => {
  const protocol = protocols.find((each) => each.name === name)
  if (protocol === undefined) throw new Error(`there is no ${name}`)
  return protocol
}

describe('search', () => {
  test('tells how far it is, and what it cuts down', async () => {
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

  test('leaves what it has done when it is aborted, and says what that does not prove', async () => {
    const stop = new AbortController()
    const listener = () => stop.abort()
    const searched = await search(named('raft'), { seeds: 100_000, listener, signal: stop.signal })
    expect(searched.trials).toBe(1)
    expect(searched).toMatchObject({ found: undefined, interrupted: true })
    expect(searched.vacuous).toEqual([`it was ended after ${searched.trials} of 100000 trials`])
  })

  test('lets others have their turn, so that a timer can end it', async () => {
    const searched = await search(named('raft'), { seeds: 1_000_000, signal: AbortSignal.timeout(50) })
    expect(searched.interrupted).toBe(true)
  })

  test('runs nothing if it is aborted already', async () => {
    const searched = await search(named('raft'), { signal: AbortSignal.abort() })
    expect(searched).toMatchObject({ trials: 0, interrupted: true, vacuous: ['it was ended after 0 of 300 trials'] })
  })
})

describe('simulate', () => {
  test('tells of every event of the history before it is judged', async () => {
    const told: SimulateStep[] = []
    const { history } = await simulate(named('raft'), { timeMs: 500, listener: (event) => void told.push(event) })
    const calls = told.filter((event) => event.type === 'event' && event.event.type === 'invoke')
    expect(calls).toHaveLength(history.operations.length)
    expect(told.at(-1)).toEqual({ type: 'checking', operations: history.operations.length })
  })

  test('heals, reads a last time and judges when it is aborted', async () => {
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
