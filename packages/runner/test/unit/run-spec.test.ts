import { UserError } from '@chaosproxy/history'
import { memberText, parseRunSpec } from '@chaosproxy/runner'
import { describe, expect, test } from 'vitest'

const smallest = { target: 'raft', seed: 3 }

function problemOf(json: unknown): string {
  try {
    parseRunSpec(json, 'mine.json')
  } catch (error) {
    if (error instanceof UserError && error.code === 'input') return error.message
    throw error
  }
  throw new Error(`${JSON.stringify(json)} was taken`)
}

describe('the spec of a run', () => {
  test('the spec of a run needs only a target and a seed, and has defaults for the rest', () => {
    expect(parseRunSpec(smallest, 'mine.json')).toEqual({
      target: { name: 'raft', settings: {} },
      workload: { name: 'register', settings: {} },
      clients: 20,
      rate: 2000,
      timeMs: 20_000,
      timeoutMs: 1_000,
      faults: ['partition', 'kill', 'pause'],
      seed: 3,
      checkMs: 60_000,
    })
  })

  test('the spec of a run does not change when it is parsed again', () => {
    const whole = {
      target: { name: 'sim:raft', bug: 'forget-vote', settings: { batch: 3, 'pre-vote': false, reads: 'lease' } },
      workload: { name: 'bank', settings: { accounts: 5 } },
      nodes: 3,
      clients: 4,
      rate: 100,
      timeMs: 1500.5,
      timeoutMs: 200,
      faults: [],
      seed: 0,
      expect: 'sequential',
      checkMs: 5_000,
    }
    const once = parseRunSpec(whole, 'mine.json')
    expect(once).toEqual(whole)
    expect(parseRunSpec(JSON.parse(JSON.stringify(once)), 'mine.json')).toEqual(once)
  })

  test.each([
    [{ ...smallest, tiemMs: 1 }, 'there is no member tiemMs. Did you mean timeMs?'],
    [{ ...smallest, target: { nam: 'raft' } }, 'target.name is missing.'],
    [{ ...smallest, target: { name: 'raft', seting: {} } }, 'there is no member target.seting. Did you mean settings?'],
    [{ ...smallest, zzzzzzzz: 1 }, 'there is no member zzzzzzzz. Known: target, workload, nodes, clients, rate,'],
    [{ target: 'raft' }, 'seed is missing.'],
    [{ seed: 1 }, 'target is missing.'],
    [7, 'a run must be an object, not 7.'],
    [[smallest], 'target is missing.'],
    [null, 'a run must be an object, not null.'],
    [{ ...smallest, target: 7 }, 'target must be an object, not 7.'],
    [{ ...smallest, nodes: 0 }, 'nodes must be a whole number from 1 to 25, not 0.'],
    [{ ...smallest, nodes: 2.5 }, 'nodes must be a whole number from 1 to 25, not 2.5.'],
    [{ ...smallest, clients: '20' }, 'clients must be a whole number from 1 to 200, not "20".'],
    [{ ...smallest, rate: 1e9 }, 'rate must be a whole number from 1 to 1,000,000, not 1000000000.'],
    [{ ...smallest, timeMs: -1 }, 'timeMs must be a number of milliseconds from 100 to 86400000, not -1.'],
    [{ ...smallest, seed: -1 }, 'seed must be a whole number from 0 to'],
    [{ ...smallest, faults: 'kill' }, 'faults must be a list of faults, such as ["partition","kill"], not "kill".'],
    [{ ...smallest, faults: ['kill', 7] }, 'faults[1] must be a name, or a fault with its times, not 7.'],
    [{ ...smallest, expect: 'linear' }, 'expect must be one of linearizable, sequential,'],
    [
      { ...smallest, target: { name: 'raft', settings: { reads: null } } },
      'target.settings.reads must be a number, a string, true or false, not null.',
    ],
  ])('the spec of a run is refused in one line if it is %j', (json, problem) => {
    const said = problemOf(json)
    expect(said).toContain(`mine.json: ${problem}`)
    expect(said).not.toContain('\n')
  })

  test('each member of the spec of a run has a description for the help', () => {
    expect(memberText('clients')).toBe('number of concurrent clients')
    expect(memberText('target.bug')).toMatch(/deliberate bug/)
  })
})
