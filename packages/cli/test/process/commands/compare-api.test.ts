import { type CompareEvent, compare } from 'chaosproxy'
import { describe, expect, test } from 'vitest'

const BRIEF = { faults: ['partition'], seeds: 1, timeMs: 1_000, timeoutMs: 400, rate: 100 } as const

describe('compare()', () => {
  test('compare() measures systems without and with faults, and announces each run when it begins', async () => {
    const told: CompareEvent[] = []
    const loose = { name: 'quorum', settings: { r: 1, w: 1 } }
    const listener = (event: CompareEvent) => void told.push(event)
    const { systems, conditions } = await compare({ targets: ['raft', loose], ...BRIEF }, { listener })
    expect(conditions).toEqual(['calm', 'partition'])
    expect(systems.map(({ name }) => name)).toEqual(['raft', 'quorum r=1 w=1'])
    expect(systems[0]?.cells.map(({ kept }) => kept)).not.toContain(false)
    const begun = told.filter(({ type }) => type === 'running')
    expect(begun.map((event) => event.type === 'running' && event.run)).toEqual(begun.map((_, i) => i + 1))
  })

  test('compare() starts no further run after an abort, and compares the completed runs', async () => {
    const stop = new AbortController()
    const begun: CompareEvent[] = []
    const listener = (event: CompareEvent) => {
      begun.push(event)
      if (event.type === 'running' && event.condition !== 'calm') stop.abort()
    }
    const draft = { targets: ['raft', 'quorum'], ...BRIEF }
    const { systems, interrupted, notes } = await compare(draft, { listener, signal: stop.signal })
    expect(interrupted).toBe(true)
    expect(systems.map(({ name, pacelc }) => [name, pacelc])).toEqual([['raft', undefined]])
    expect(systems[0]?.cells[0]).toMatchObject({ condition: 'calm', level: 'linearizable', kept: true })
    expect(notes[0]).toMatch(/^it was ended after \d+ of \d+ runs/)
  })

  test('compare() returns an empty comparison if it is aborted before the first run', async () => {
    const comparison = await compare({ targets: ['raft'], ...BRIEF }, { signal: AbortSignal.abort() })
    expect(comparison).toMatchObject({ systems: [], interrupted: true })
  })

  test.each([
    [{ targets: [] }, '"targets" names nothing'],
    [{ targets: ['rafft'] }, 'Did you mean raft?'],
    [{ faults: ['partitoin'] }, 'faults: partitoin: there is no such fault. Did you mean partition?'],
    [{ network: 'moon' }, 'network: moon: there is no such network'],
    [{ seeds: 0 }, 'seeds: 0 is not a number of seeds'],
    [{ timeMs: 10 }, 'timeMs: 10 is too short: a system cannot fail'],
    [{ targets: ['redis'] }, 'redis'],
  ])('compare() refuses %j, and says what is wrong', async (wrong, message) => {
    await expect(compare({ targets: ['raft'], ...BRIEF, ...wrong })).rejects.toThrow(message)
  })
})
