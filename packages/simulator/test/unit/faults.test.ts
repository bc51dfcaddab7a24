import type { Fault, NodeEffect } from '@chaosproxy/faults'
import { type Completion, type Millis, millis, nanos } from '@chaosproxy/history'
import type { AnyMachine, Effect, MachineEvent } from '@chaosproxy/protocols'
import { describe, expect, test } from 'vitest'
import type { SimulationOptions } from '../../src/cluster.ts'
import { createSimulatedCluster } from '../../src/cluster.ts'

type Effects = Effect<number, number>[]
type Step = (event: MachineEvent<number>, now: Millis) => Effects

const log = (text: unknown) => ({ type: 'log', text: String(text) }) as const
const ok: Completion = { type: 'ok', value: null }

/** A node that follows a script, and logs the content of its journal when it starts. */
const scripted = (step: Step): AnyMachine => ({
  start: (_, journal) => ({ state: null, effects: [log(`starts with [${journal.join(' ')}]`)] }),
  step: (state, event, now) => ({ state, effects: step(event, now) }),
  status: () => ({ role: 'scripted', leads: true }),
})

/** Two nodes that follow a script, their logs, and the clients' answers. */
function createWorld(step: Step, options: Partial<SimulationOptions> = {}) {
  const lines: { readonly atMs: number; readonly node: string; readonly text: string }[] = []
  const cluster = createSimulatedCluster({
    machine: scripted(step),
    nodes: 2,
    seed: 1,
    log: (time, node, text) => lines.push({ atMs: time / 1e6, node, text }),
    ...options,
  })
  const answers: string[] = []
  return {
    cluster,
    lines,
    answers,
    said: (node: string) => lines.filter((line) => line.node === node).map(({ text }) => text),
    ask: (node: string, value = 0) =>
      cluster
        .connect(node)
        .invoke({ input: { f: 'write', key: 'x', value }, harmless: false }, millis(100), ({ type }) =>
          answers.push(`${value} ${type}`),
        ),
    /** Injects a fault, which is in force on return. The returned function heals it and returns the hits. */
    inject(fault: Fault): () => number {
      let hits = -1
      let heal = () => {}
      cluster.inject(fault, (outcome) => {
        if (outcome.type === 'failed') throw new Error(outcome.error)
        heal = () => outcome.heal((healed) => (hits = healed.type === 'healed' ? healed.hits : -1))
      })
      this.pass(0.001)
      return () => {
        heal()
        this.pass(0.001)
        return hits
      }
    },
    pass(durationMs: number): void {
      let over = false
      cluster.clock.at(nanos(cluster.clock.now() + durationMs * 1e6), () => {
        over = true
      })
      expect(cluster.run(() => over, { events: 100_000, durationMs: millis(2 * durationMs) })).toBe('done')
    },
  }
}

const persists = (...records: number[]): Effects => records.map((record) => ({ type: 'persist', record }))
const slowDisk = { fsyncMinMs: millis(10), fsyncMaxMs: millis(10) }
const reply = (event: MachineEvent<number>): Effects =>
  event.type === 'request' ? [{ type: 'reply', requestId: event.requestId, result: ok }] : []

describe('a kill during a write', () => {
  const script: Step = (event) => [...persists(1, 2, 3), log('all are durable'), ...reply(event)]
  const found = (seed: number): string => {
    const world = createWorld(script, { ...slowDisk, seed })
    world.ask('n1')
    world.pass(2)
    // This request waits until the disk is free.
    world.ask('n1')
    world.pass(2)
    const heal = world.inject({ kind: 'kill', nodes: ['n1'] })
    world.pass(20)
    expect(heal()).toBe(1)
    expect(world.said('n1')).not.toContain('all are durable')
    expect(world.answers).toEqual(['0 info', '0 info'])
    return world.said('n1').at(-1)!
  }

  test('a kill during a write leaves a prefix of the records of the write, possibly none or all', () => {
    const journals = new Set(Array.from({ length: 60 }, (_, seed) => found(seed)))
    expect([...journals].sort()).toEqual(['[1 2 3]', '[1 2]', '[1]', '[]'].map((left) => `starts with ${left}`))
  })

  test('a kill during a write leaves the same records for the same seed', () => {
    for (let seed = 1; seed <= 5; seed++) expect(found(seed)).toBe(found(seed))
  })
})

describe('a crash before an effect', () => {
  // Sends 1 to the other node, writes 10, sends 2, writes 20, sends 3, and replies.
  const script: Step = (event) => {
    if (event.type === 'message') return [log(`got ${event.message}`)]
    const send = (message: number): Effects => [{ type: 'send', to: 'n2', message }]
    return [...send(1), ...persists(10), ...send(2), ...persists(20), ...send(3), ...reply(event)]
  }
  const crashed = (before: NodeEffect, nth: number, seed = 1) => {
    const world = createWorld(script, { seed })
    const heal = world.inject({ kind: 'crash', nodes: ['n1'], before, nth })
    world.ask('n1')
    world.pass(50)
    expect(world.cluster.status().get('n1')).toBeUndefined()
    expect(heal()).toBe(1)
    expect(world.cluster.status().get('n1')).toBeDefined()
    return { got: world.said('n2').slice(1), journal: world.said('n1').at(-1), answers: world.answers }
  }

  test('a crash before an effect lets the earlier effects happen, and prevents that effect and later ones', () => {
    expect(crashed('send', 1)).toEqual({ got: [], journal: 'starts with []', answers: ['0 info'] })
    expect(crashed('send', 2)).toEqual({ got: ['got 1'], journal: 'starts with [10 20]', answers: ['0 info'] })
    expect(crashed('send', 3).got).toEqual(['got 1', 'got 2'])
    expect(crashed('reply', 1)).toEqual({
      got: ['got 1', 'got 2', 'got 3'],
      journal: 'starts with [10 20]',
      answers: ['0 info'],
    })
    expect(crashed('persist', 1)).toEqual({ got: ['got 1'], journal: 'starts with []', answers: ['0 info'] })
  })

  test('a crash before a journal write leaves no record of the write, and may lose earlier records', () => {
    const journals = new Set(Array.from({ length: 30 }, (_, seed) => crashed('persist', 2, seed).journal))
    expect([...journals].sort()).toEqual(['starts with [10]', 'starts with []'])
  })

  test('a crash before an effect kills no node if the effect does not occur before the fault is healed', () => {
    const world = createWorld(script)
    const heal = world.inject({ kind: 'crash', nodes: ['n1'], before: 'reply', nth: 2 })
    world.ask('n1', 1)
    world.pass(50)
    expect(heal()).toBe(0)
    world.ask('n1', 2)
    world.pass(50)
    expect(world.answers).toEqual(['1 ok', '2 ok'])
  })
})

describe('messages between nodes', () => {
  const COUNT = 40
  const links = [{ from: 'n1', to: 'n2' }] as const
  const script: Step = (event) => {
    if (event.type === 'message') return [log(event.message)]
    if (event.type === 'request') return [{ type: 'setTimer', timer: '0', afterMs: millis(1) }, ...reply(event)]
    const turn = Number(event.timer)
    const next: Effects = turn + 1 < COUNT ? [{ type: 'setTimer', timer: `${turn + 1}`, afterMs: millis(0.1) }] : []
    return [{ type: 'send', to: 'n2', message: turn }, ...next]
  }
  const sendAll = (fault: Fault, seed: number) => {
    const world = createWorld(script, { seed })
    const heal = world.inject(fault)
    world.ask('n1')
    world.pass(500)
    return { got: world.said('n2').slice(1).map(Number), hits: heal(), world }
  }
  const late: Fault = {
    kind: 'reorder-message',
    links,
    behind: 1,
    withinMs: millis(20),
    when: { probability: 0.3 },
  }
  const numbers = Array.from({ length: COUNT }, (_, i) => i)
  const ascending = (one: number, other: number) => one - other

  test('duplicated messages all arrive, and the number of additional copies equals the hits of the fault', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const { got, hits } = sendAll({ kind: 'duplicate-message', links, copies: 1, when: { probability: 0.5 } }, seed)
      expect(new Set(got).size).toBe(COUNT)
      expect(got.length - COUNT).toBe(hits)
      expect(hits).toBeGreaterThan(5)
      const firsts = got.filter((message, i) => got.indexOf(message) === i)
      expect(firsts, `seed ${seed}: only copies come late`).toEqual(numbers)
    }
  })

  test('reordered messages all arrive once, but in a different order', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const { got, hits } = sendAll(late, seed)
      expect([...got].sort(ascending)).toEqual(numbers)
      expect(got, `seed ${seed}`).not.toEqual(numbers)
      expect(hits).toBeGreaterThan(2)
    }
  })

  test('corrupted messages are lost, and the remaining messages arrive in order', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const { got, hits } = sendAll({ kind: 'corrupt-message', links, bits: 1, when: { probability: 0.1 } }, seed)
      expect(got).toEqual([...got].sort(ascending))
      expect(COUNT - got.length, `seed ${seed}`).toBeGreaterThan(hits - 1)
      expect(hits).toBeGreaterThan(0)
    }
  })

  test('messages between nodes arrive in the same order with and without a fault on other links', () => {
    const alone = sendAll(late, 3).got
    const world = createWorld(script, { seed: 3 })
    world.inject({ kind: 'partition', links: [{ from: 'n2', to: 'n1' }], mode: 'hold' })
    world.inject(late)
    world.ask('n1')
    world.pass(500)
    expect(world.said('n2').slice(1).map(Number)).toEqual(alone)
  })

  test('messages arrive with their usual delays after a partition has held them', () => {
    const later = (hold: boolean) => {
      const world = createWorld(script, { seed: 4 })
      const fault = { kind: 'partition', links, mode: 'hold' } as const
      const heal = world.inject(hold ? fault : { ...fault, links: [] })
      world.ask('n1')
      world.pass(3)
      heal()
      world.pass(500)
      // A held message arrives no earlier than its release. The other messages arrive as they would without the fault.
      return world.lines.filter(({ node, text }) => node === 'n2' && Number(text) > 25).map(({ atMs }) => atMs)
    }
    expect(later(true)).toEqual(later(false))
  })

  test('the fault duplicate-message is refused on links of clients', () => {
    const ofClients: Fault = { kind: 'duplicate-message', links: [{ from: 'clients', to: 'n1' }], copies: 1 }
    expect(() => createWorld(script).inject(ofClients)).toThrow(
      'clients>n1 carries no messages that could be duplicated',
    )
  })
})

describe('requests of clients', () => {
  const links = [{ from: 'clients', to: 'n1' }]
  const script: Step = (event) =>
    event.type === 'request' ? [log('asked'), { type: 'reply', requestId: event.requestId, result: ok }] : []
  const askOnce = (fault: Fault) => {
    const world = createWorld(script)
    const heal = world.inject(fault)
    world.ask('n1')
    world.pass(200)
    return { answers: world.answers, asked: world.said('n1').filter((text) => text === 'asked').length, hits: heal() }
  }

  test('a client request lost by lose-request is never served, and has an unknown outcome', () => {
    for (const silence of ['hang', 'reset'] as const)
      expect(askOnce({ kind: 'lose-request', links, silence })).toEqual({ answers: ['0 info'], asked: 0, hits: 1 })
  })

  test('requests whose replies are lost are served, and have an unknown outcome', () => {
    for (const silence of ['hang', 'reset'] as const)
      expect(askOnce({ kind: 'lose-reply', links, silence })).toEqual({ answers: ['0 info'], asked: 1, hits: 1 })
  })

  test('requests whose reply is delayed succeed late, unless their timeout passes first', () => {
    const late = (delayMs: number): Fault => ({
      kind: 'delay-reply',
      links,
      delayMs: millis(delayMs),
      jitterMs: millis(0),
    })
    expect(askOnce(late(50))).toEqual({ answers: ['0 ok'], asked: 1, hits: 1 })
    expect(askOnce(late(150))).toEqual({ answers: ['0 info'], asked: 1, hits: 1 })
  })

  test('only the nth request is lost if the fault has the condition nth', () => {
    const world = createWorld(script)
    const heal = world.inject({ kind: 'lose-request', links, silence: 'reset', when: { nth: 2 } })
    for (let value = 0; value < 3; value++) {
      world.ask('n1', value)
      world.pass(20)
    }
    expect(world.answers).toEqual(['0 ok', '1 info', '2 ok'])
    expect(heal()).toBe(1)
  })

  test.each<[Fault, string]>([
    [{ kind: 'slice', links, averageBytes: 1, variationBytes: 0, pauseMs: millis(0) }, 'Instead: delay'],
    [{ kind: 'lose-reply', links, silence: 'hang', match: { path: '/kv/x' } }, 'leave "match" out'],
    [{ kind: 'partition', links, mode: 'drop', when: { probability: 0.5 } }, 'leave "when" out'],
    [{ kind: 'lose-reply', links: [{ from: 'n1', to: 'n2' }], silence: 'hang' }, 'n1>n2 carries no requests'],
    [
      { kind: 'latency', links, latencyMs: millis(1), jitterMs: millis(1), distribution: 'pareto' },
      'spread evenly in virtual time, not pareto',
    ],
  ])('a fault of client requests with unsuitable settings is refused: %j', (fault, message) => {
    expect(() => createWorld(script).inject(fault)).toThrow(message)
  })
})

describe('a simulated clock', () => {
  const ticking: Step = (event, now) =>
    event.type === 'request' || event.type === 'timer'
      ? [log(now), { type: 'setTimer', timer: 'tick', afterMs: millis(10) }]
      : []
  const ticks = (fault: Omit<Extract<Fault, { kind: 'clock' }>, 'kind' | 'nodes'>) => {
    const world = createWorld(ticking)
    world.ask('n1')
    world.ask('n2')
    world.pass(5)
    const heal = world.inject({ kind: 'clock', nodes: ['n1'], ...fault })
    const injectedMs = world.cluster.clock.now() / 1e6
    world.pass(100)
    const hits = heal()
    const healedMs = world.cluster.clock.now() / 1e6
    world.pass(50)
    const wrong = (node: string) =>
      world.lines
        .filter((line) => line.node === node && !line.text.startsWith('starts'))
        .map(({ atMs, text }) => ({
          atMs,
          ahead: Number(text) - atMs,
        }))
    return { own: wrong('n1'), other: wrong('n2'), hits, injectedMs, healedMs }
  }

  test('a simulated clock deviates by a jump until the heal, and its timers keep their pace', () => {
    const { own, other, hits, injectedMs, healedMs } = ticks({ offsetMs: millis(-700), driftPpm: 0 })
    for (const { atMs, ahead } of own) expect(ahead).toBeCloseTo(atMs > injectedMs && atMs < healedMs ? -700 : 0, 5)
    for (const { ahead } of other) expect(ahead).toBeCloseTo(0, 5)
    expect(
      own.map(({ atMs }, i) => atMs - (own[i - 1]?.atMs ?? atMs - 10)).every((gap) => Math.abs(gap - 10) < 1e-5),
    ).toBe(true)
    expect(hits).toBe(own.filter(({ atMs }) => atMs > injectedMs && atMs < healedMs).length)
  })

  test('a simulated clock runs fast during a drift, so that its timers fire earlier', () => {
    const { own, other, injectedMs, healedMs } = ticks({ offsetMs: millis(0), driftPpm: 250_000 })
    const drifting = own.filter(({ atMs }) => atMs > injectedMs && atMs < healedMs)
    for (const { atMs, ahead } of drifting) expect(ahead).toBeCloseTo((atMs - injectedMs) * 0.25, 3)
    // Ten milliseconds of the drifting clock are eight real ones.
    expect(drifting.length).toBeGreaterThan(11)
    expect(other.filter(({ atMs }) => atMs > injectedMs && atMs < healedMs).length).toBe(10)
    for (const { ahead } of own.filter(({ atMs }) => atMs > healedMs)) expect(ahead).toBeCloseTo(0, 5)
  })

  test('a simulated clock deviates by the sum of two clock faults', () => {
    const world = createWorld(ticking)
    world.inject({ kind: 'clock', nodes: ['n1'], offsetMs: millis(100), driftPpm: 0 })
    const heal = world.inject({ kind: 'clock', nodes: ['n1'], offsetMs: millis(20), driftPpm: 0 })
    world.ask('n1')
    world.pass(8)
    heal()
    world.pass(7)
    const ahead = world.lines
      .filter(({ text }) => !text.startsWith('starts'))
      .map(({ atMs, text }) => Math.round(Number(text) - atMs))
    expect(ahead).toEqual([120, 100])
  })
})

describe('an impossible effect of a machine', () => {
  const asked = (effect: unknown) => {
    const world = createWorld(() => [effect as Effects[number]])
    world.ask('n1')
    return () => world.pass(10)
  }

  test('an impossible effect of a protocol is reported with the name of the node', () => {
    expect(asked({ type: 'send', to: 'n9', message: 1 })).toThrow('n1 sends to n9, which is not one of its peers')
    expect(asked({ type: 'setTimer', timer: 't', afterMs: Number.NaN })).toThrow(
      'n1 sets the timer "t" to ring after NaN ms, which is not a finite time of 0 ms or more',
    )
    expect(asked({ type: 'explode' })).toThrow('n1 asks for {"type":"explode"}, which is not an effect')
  })
})

test('an event scheduled in the past happens no earlier than now', () => {
  const world = createWorld(() => [])
  world.pass(10)
  const times: number[] = []
  world.cluster.clock.at(nanos(0), () => times.push(world.cluster.clock.now()))
  world.pass(1)
  expect(times[0]).toBeGreaterThanOrEqual(10e6)
})
