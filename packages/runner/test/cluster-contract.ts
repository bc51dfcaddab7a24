import type { Fault, Link, NodeId } from '@chaosproxy/faults'
import { type Completion, type Input, type Millis, millis, millisToNanos, nanos } from '@chaosproxy/history'
import type { Cluster, Heal, Healed, Injected } from '@chaosproxy/runner'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'

/** A cluster under test, with a function that advances its time. */
export interface ClusterUnderTest {
  readonly cluster: Cluster
  /** Lets time pass until `done` returns true; rejects if that takes too long. */
  readonly advance: (done: () => boolean) => Promise<void>
}

/** A fresh Raft cluster of this many nodes. */
export type MakeCluster = (options: { readonly nodes: number; readonly seed: number }) => Promise<ClusterUnderTest>

const PATIENT = millis(20_000)
const BRIEF = millis(400)

const MADE = { nodes: 3, seed: 7 }

/**
 * Tests that every implementation of the cluster port must pass, in virtual and in real time. If a cluster starts
 * slowly, all tests share it. Each test then uses its own keys, and heals the faults that it injected.
 */
export function clusterContract(
  name: string,
  makeCluster: MakeCluster,
  { shared = false }: { readonly shared?: boolean } = {},
): void {
  describe(`the cluster port, ${name}`, () => {
    let world: World
    let common: World | undefined
    let tests = 0

    beforeEach(async () => {
      if (shared) common ??= createWorld(await makeCluster(MADE), '')
      world = createWorld(common ?? (await makeCluster(MADE)), `${++tests}.`)
    })
    afterEach(async ({ task }) => {
      const failed = task.result?.state === 'fail'
      if (shared && !failed) return world.healAll()
      common = undefined
      await world.stop()
    })
    afterAll(async () => {
      await common?.stop()
    })

    test('a value written through one node is read through every node', async () => {
      await world.write('n1', 'x', 1)
      for (const node of world.cluster.nodes) expect(await world.readWhenUp(node, 'x')).toEqual(ok(1))
    })

    test('a read of a key that was never written returns null', async () => {
      await world.write('n1', 'x', 1)
      expect(await world.readWhenUp('n2', 'never')).toEqual(ok(null))
    })

    test('a cas that finds another value fails, and a cas that finds its expected value succeeds', async () => {
      await world.write('n1', 'x', 1)
      expect(await world.casOnceDecided('n2', 'x', [5, 6])).toMatchObject({ type: 'fail' })
      expect(await world.casOnceDecided('n2', 'x', [1, 2])).toMatchObject({ type: 'ok' })
      expect(await world.readWhenUp('n3', 'x')).toEqual(ok(2))
    })

    test('some node of a cluster leads', async () => {
      await world.write('n1', 'x', 1)
      await world.advance(() => [...world.cluster.status().values()].some((status) => status?.leads === true))
    })

    test('nodes killed at the same time restart with every acknowledged write', async () => {
      for (let value = 1; value <= 5; value++) await world.write('n1', `k${value}`, value)
      const heal = await world.inject({ kind: 'kill', nodes: world.cluster.nodes })
      expect(await heal()).toEqual({ type: 'healed', hits: 3 })
      for (let value = 1; value <= 5; value++) expect(await world.readWhenUp('n2', `k${value}`)).toEqual(ok(value))
    })

    test('a killed node refuses requests, which definitely fail, and has no status', async () => {
      await world.write('n1', 'x', 1)
      const heal = await world.inject({ kind: 'kill', nodes: ['n2'] })
      await world.advance(() => world.cluster.status().get('n2') === undefined)
      // The client may not yet know that its connection to the killed node is broken. The outcome of a write would then
      // be unknown, so the test sends a read first.
      expect(await world.invoke('n2', { f: 'read', key: 'x', value: null })).toMatchObject({ type: 'fail' })
      expect(await world.invoke('n2', { f: 'write', key: 'x', value: 2 })).toMatchObject({ type: 'fail' })
      await heal()
      expect(await world.readWhenUp('n2', 'x')).toEqual(ok(1))
    })

    test('an isolated node serves nothing, and catches up after healing', async () => {
      await world.write('n1', 'x', 1)
      const heal = await world.inject({ kind: 'partition', links: aroundNode('n3', ['n1', 'n2']), mode: 'hold' })
      const cut = await world.invoke('n3', { f: 'write', key: 'x', value: 2 }, BRIEF)
      expect(cut.type).not.toBe('ok')
      await world.writeWhenUp('n1', 'y', 3)
      const healed = await heal()
      expect(healed).toMatchObject({ type: 'healed' })
      expect(hitsOf(healed)).toBeGreaterThan(0)
      expect(await world.readWhenUp('n3', 'y')).toEqual(ok(3))
    })

    test('a held link delays a request until the link is healed', async () => {
      await world.write('n1', 'x', 1)
      const heal = await world.inject({ kind: 'partition', links: [{ from: 'clients', to: 'n1' }], mode: 'hold' })
      const pending = world.begin('n1', { f: 'write', key: 'x', value: 2 }, PATIENT)
      await world.wait(300)
      expect(pending.completions).toEqual([])
      expect(hitsOf(await heal())).toBeGreaterThan(0)
      await world.advance(() => pending.completions.length > 0)
      expect(pending.completions).toMatchObject([{ type: 'ok' }])
      expect(await world.readWhenUp('n2', 'x')).toEqual(ok(2))
    })

    test('a write whose reply is dropped has an unknown outcome, and may have happened', async () => {
      await world.write('n1', 'x', 1)
      const heal = await world.inject({ kind: 'partition', links: [{ from: 'n1', to: 'clients' }], mode: 'drop' })
      expect(await world.invoke('n1', { f: 'write', key: 'x', value: 2 }, BRIEF)).toMatchObject({ type: 'info' })
      expect(hitsOf(await heal())).toBeGreaterThan(0)
      expect(await world.readWhenUp('n2', 'x')).toEqual(ok(2))
      expect(await world.readWhenUp('n1', 'x')).toEqual(ok(2))
    })

    test('a read without a reply is a failure, because it had no effect', async () => {
      await world.write('n1', 'x', 1)
      await world.inject({ kind: 'partition', links: [{ from: 'n1', to: 'clients' }], mode: 'drop' })
      expect(await world.invoke('n1', { f: 'read', key: 'x', value: null }, BRIEF)).toMatchObject({ type: 'fail' })
    })

    test('a paused node answers after it is resumed', async () => {
      await world.write('n1', 'x', 1)
      const heal = await world.inject({ kind: 'pause', nodes: ['n2'] })
      const pending = world.begin('n2', { f: 'write', key: 'x', value: 2 }, PATIENT)
      await world.wait(300)
      expect(pending.completions).toEqual([])
      await heal()
      await world.advance(() => pending.completions.length > 0)
      expect(pending.completions).toMatchObject([{ type: 'ok' }])
    })

    test('an invocation completes exactly once, within its timeout', async () => {
      await world.write('n1', 'x', 1)
      const heal = await world.inject({ kind: 'pause', nodes: ['n2'] })
      const began = world.cluster.clock.now()
      const pending = world.begin('n2', { f: 'write', key: 'x', value: 2 }, BRIEF)
      await world.advance(() => pending.completions.length > 0)
      expect(world.cluster.clock.now() - began).toBeGreaterThanOrEqual(millisToNanos(BRIEF))
      await heal()
      await world.wait(300)
      expect(pending.completions).toMatchObject([{ type: 'info' }])
    })

    test('a latency fault delays the requests on its link until the fault is healed', async () => {
      await world.write('n1', 'x', 1)
      const links = [{ from: 'clients', to: 'n1' }]
      const heal = await world.inject({ kind: 'latency', links, latencyMs: millis(300), jitterMs: millis(0) })
      const began = world.cluster.clock.now()
      expect(await world.readWhenUp('n1', 'x')).toEqual(ok(1))
      expect(world.cluster.clock.now() - began).toBeGreaterThanOrEqual(millisToNanos(millis(290)))
      expect(hitsOf(await heal())).toBeGreaterThan(0)
    })

    test('nodes reconnect after their connections are reset', async () => {
      await world.write('n1', 'x', 1)
      const heal = await world.inject({ kind: 'reset', links: aroundNode('n1', ['n2', 'n3']) })
      await heal()
      await world.writeWhenUp('n1', 'x', 2)
      expect(await world.readWhenUp('n3', 'x')).toEqual(ok(2))
    })

    test('a second heal has no further effect and returns the same result', async () => {
      const heal = await world.inject({ kind: 'kill', nodes: ['n3'] })
      const first = await heal()
      expect(await heal()).toEqual(first)
    })

    test('a fault on an unknown node is refused', async () => {
      const outcome = await world.tryInject({ kind: 'kill', nodes: ['n9'] })
      expect(outcome).toMatchObject({ type: 'failed' })
    })

    test('the clock never calls a callback early, synchronously, or after cancellation', async () => {
      const { clock } = world.cluster
      const called: string[] = []
      const from = clock.now()
      clock.at(nanos(from + 2e6), () => called.push('second'))
      clock.at(nanos(from + 1e6), () => called.push('first'))
      clock.at(nanos(from + 1e6), () => called.push('cancelled'))()
      clock.at(nanos(0), () => called.push('past'))
      expect(called).toEqual([])
      await world.advance(() => called.includes('second'))
      expect(called).toEqual(['past', 'first', 'second'])
      expect(clock.now() - from).toBeGreaterThanOrEqual(2e6)
    })

    test('a cluster stops with faults in force', async () => {
      const stopped = createWorld(await makeCluster(MADE), '')
      await stopped.inject({ kind: 'pause', nodes: ['n1'] })
      await stopped.inject({ kind: 'kill', nodes: ['n2'] })
      await stopped.inject({ kind: 'partition', links: [{ from: 'n1', to: 'n3' }], mode: 'drop' })
      await stopped.stop()
    })
  })
}

interface Pending {
  readonly completions: Completion[]
}

/**
 * Turns the callback methods of a cluster into methods that return promises. The promises resolve while the test
 * advances time. All keys begin with `prefix`.
 */
function createWorld({ cluster, advance }: ClusterUnderTest, prefix: string) {
  let stopped = false
  const injected: (() => Promise<Healed>)[] = []

  async function until<T>(start: (got: (value: T) => void) => void): Promise<T> {
    const values: T[] = []
    start((value) => values.push(value))
    await advance(() => values.length > 0)
    return values[0] as T
  }

  function begin(node: NodeId, asked: Input, timeoutMs: Millis): Pending {
    const input = { ...asked, key: `${prefix}${asked.key}` }
    const completions: Completion[] = []
    const client = cluster.connect(node)
    client.invoke({ input, harmless: input.f === 'read' }, timeoutMs, (completion) => {
      completions.push(completion)
      client.close()
    })
    return { completions }
  }

  async function invoke(node: NodeId, input: Input, timeoutMs: Millis = PATIENT): Promise<Completion> {
    const { completions } = begin(node, input, timeoutMs)
    await advance(() => completions.length > 0)
    return completions[0] as Completion
  }

  const wait = (durationMs: number): Promise<void> =>
    until<void>((got) => cluster.clock.at(nanos(cluster.clock.now() + durationMs * 1e6), () => got()))

  /** Retries an operation up to 40 times until it succeeds. Retries are safe only for reads and idempotent writes. */
  async function whenUp(node: NodeId, input: Input): Promise<Completion> {
    for (let attempt = 0; ; attempt++) {
      const completion = await invoke(node, input, millis(2_000))
      if (completion.type === 'ok' || attempt === 40) return completion
      await wait(100)
    }
  }

  const tryInject = (fault: Fault): Promise<Injected> => until((got) => cluster.inject(fault, got))

  return {
    cluster,
    advance,
    begin,
    invoke,
    wait,
    tryInject,
    readWhenUp: (node: NodeId, key: string) => whenUp(node, { f: 'read', key, value: null }),
    /** Retries while there is no leader. In real time, the leader may change at any moment. */
    async casOnceDecided(node: NodeId, key: string, value: readonly [number, number]): Promise<Completion> {
      for (let attempt = 0; ; attempt++) {
        const completion = await invoke(node, { f: 'cas', key, value: [...value] })
        const isRefused = completion.type === 'fail' && completion.error !== 'mismatch'
        if (!isRefused || attempt === 40) return completion
        await wait(100)
      }
    },
    async write(node: NodeId, key: string, value: number): Promise<void> {
      // Before the first write of a test, there may be no leader yet.
      expect(await whenUp(node, { f: 'write', key, value })).toMatchObject({ type: 'ok' })
    },
    async writeWhenUp(node: NodeId, key: string, value: number): Promise<void> {
      expect(await whenUp(node, { f: 'write', key, value })).toMatchObject({ type: 'ok' })
    },
    async inject(fault: Fault): Promise<() => Promise<Healed>> {
      const outcome = await tryInject(fault)
      if (outcome.type === 'failed') throw new Error(`${fault.kind}: ${outcome.error}`)
      const heal: Heal = outcome.heal
      const healed = () => until(heal)
      injected.push(healed)
      return healed
    },
    async healAll(): Promise<void> {
      for (const heal of injected.splice(0)) await heal()
    },
    async stop(): Promise<void> {
      if (stopped) return
      stopped = true
      await until<void>((got) => cluster.stop(() => got()))
    },
  }
}

type World = ReturnType<typeof createWorld>

const ok = (value: number | null): Completion => ({ type: 'ok', value })

const hitsOf = (healed: Healed): number => (healed.type === 'healed' ? healed.hits : -1)

const aroundNode = (node: NodeId, others: readonly NodeId[]): Link[] =>
  others.flatMap((other) => [
    { from: node, to: other },
    { from: other, to: node },
  ])
