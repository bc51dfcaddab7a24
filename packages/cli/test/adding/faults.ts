import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Injected } from '@chaosproxy/runner'
import { expect, test } from 'vitest'
import type { Injectable } from '../../../node-simulator/src/world/blows.ts'
import { injectorOf } from '../../../node-simulator/src/world/inject.ts'
import { httpClient, httpRouteTo, keyValueService } from '../../../proxy/test/http/live.ts'
import { world } from '../../../proxy/test/messages/world.ts'
import { hasMajority } from '../../../runner/src/result/majority.ts'
import { injectIntoNodes } from '../../../targets/src/network/inject.ts'
import { chaosHere, temporaryDirectory } from '../chaos.ts'

/** A simulated run of a second, of which this fault lasts 600 ms. */
async function simulatedUnder(fault: object) {
  const schedule = join(temporaryDirectory(), 'schedule.json')
  writeFileSync(schedule, JSON.stringify([{ fromMs: 200, toMs: 800, ...fault }]))
  const { stdout, stderr, exitCode } = await chaosHere([
    ...['run', '--sim', '--target', 'raft', '--time', '1s', '--rate', '100', '--seed', '1'],
    ...['--faults', schedule, '--json', '--out', temporaryDirectory()],
  ])
  expect(stderr).toBe('')
  expect(exitCode).toBe(0)
  const { faults, latency, levels } = JSON.parse(stdout)
  expect(levels.linearizable.result).toBe('met')
  return { faults, latency }
}

const hitting = (kind: string) =>
  expect.objectContaining({ kind, hits: expect.toSatisfy((hits: number) => hits > 0, 'above 0') })

test.each([
  ['stall-request', 'make the request wait at the door'],
  ['swallow-message', 'swallow the message whole'],
  ['freeze', 'freeze the node until it thaws'],
])('%s, which is added by one line, is listed with the targets that can suffer it', async (fault, summary) => {
  expect((await chaosHere(['targets', 'raft', '--faults'])).stdout).toMatch(new RegExp(`✔ ${fault} +.*${summary}\n`))
  const rows = JSON.parse((await chaosHere(['targets', '--faults', '--json'])).stdout)
  for (const target of ['raft', 'sim:raft'])
    expect(rows).toContainEqual(expect.objectContaining({ target, fault, suffers: true }))
})

test('a fault of requests that is added by one line per world takes effect in the proxy and in the simulator', async () => {
  const { route, apply } = await httpRouteTo(await keyValueService())
  const applied = apply({ kind: 'stall-request' as 'lose-request', stallMs: 50 })
  const before = performance.now()
  expect(await httpClient(route.port)('PUT', '/kv/x', 'v')).toMatchObject({ status: 200 })
  expect(performance.now() - before).toBeGreaterThan(45)
  expect(applied.hits).toBe(1)

  const { faults, latency } = await simulatedUnder({ kind: 'stall-request', links: 'from-clients', stallMs: 70 })
  expect(faults).toContainEqual(hitting('stall-request'))
  expect(latency.p99Nanos).toBeGreaterThan(70e6)
})

test('a fault of messages that is added by one line per world takes effect in the proxy and in the simulator', async () => {
  const { apply, send, there } = world()
  const applied = apply({ kind: 'swallow-message' as 'drop-message' }, { when: { nth: 2 } })
  send('1\n2\n3\n')
  expect([there.text, applied.hits]).toEqual(['1\n3\n', 1])

  const { faults, latency } = await simulatedUnder({ kind: 'swallow-message', links: 'between-nodes' })
  expect(faults).toContainEqual(hitting('swallow-message'))
  expect(latency.p99Nanos).toBeGreaterThan(100e6)
})

test('a fault of nodes that is added by one line per world takes effect in processes, programs and the simulator', async () => {
  const done: string[] = []
  const victim = {
    kill: async () => false,
    revive: async () => undefined,
    pause: async () => done.push('pause') > 0,
    resume: () => void done.push('resume'),
  }
  const frozen = { kind: 'freeze' as 'pause', nodes: ['n1'] }
  const heal = (injected: Injected) => {
    if (injected.type !== 'injected') throw new Error(injected.error)
    return new Promise((healed) => injected.heal(healed))
  }
  await heal(await injectIntoNodes(frozen, new Map([['n1', victim]])))
  expect(done).toEqual(['pause', 'resume'])

  const program = {
    world: {
      schedule: (_: number, then: () => void) => then(),
      paused: new Map(),
      resume: (id: string) => done.push(id),
    },
    nodes: new Map([['n1', {}]]),
  }
  const injected = new Promise<Injected>((told) => injectorOf(program as unknown as Injectable).inject(frozen, told))
  expect(await heal(await injected)).toEqual({ type: 'healed', hits: 1 })
  expect([...program.world.paused.keys(), done.at(-1)]).toEqual(['n1', 'n1'])

  const { faults, latency } = await simulatedUnder({ kind: 'freeze', nodes: 'leader' })
  expect(faults).toContainEqual(hitting('freeze'))
  expect(latency.p99Nanos).toBeGreaterThan(100e6)
  expect(hasMajority(['n1', 'n2', 'n3'], [{ kind: 'freeze' as 'pause', nodes: ['n1', 'n2'] }])).toBe(false)
})

test('a fault of nodes that no world implements is refused everywhere, with an alternative', async () => {
  const rows = JSON.parse((await chaosHere(['targets', '--faults', '--json'])).stdout)
  const refusals = rows.filter(({ fault }: { fault: string }) => fault === 'stumble')
  expect(refusals.map(({ target }: { target: string }) => target)).toEqual(expect.arrayContaining(['raft', 'sim:raft']))
  for (const refusal of refusals)
    expect(refusal).toMatchObject({ suffers: false, not: expect.any(String), instead: expect.any(String) })
})
