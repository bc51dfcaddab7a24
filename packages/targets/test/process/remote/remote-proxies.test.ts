import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TcpFault } from '@chaosproxy/faults'
import { createControlPlane, createNetwork, startControl } from '@chaosproxy/proxy/control'
import type { Healed } from '@chaosproxy/runner'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { eventually } from '../../../../testing/src/real-cluster.ts'
import type { RemotePlan } from '../../../src/remote/remote-plan.ts'
import { openRemoteProxies } from '../../../src/remote/remote-proxies.ts'
import { targetOf } from '../../cluster/clusters.ts'

const TOKEN = 'CHAOS_TEST_TOKEN'
const n1ToN2 = { from: 'n1', to: 'n2' }
const partition: TcpFault = { kind: 'partition', mode: 'drop', links: [n1ToN2, { from: 'n2', to: 'n1' }] }
const nothingHere = () => {
  throw new Error('all of its links are elsewhere')
}

/**
 * A `chaos proxy` on another host, which has one proxy. A second proxy, in front of its control interface, can cut it
 * off.
 */
async function host({
  token,
  version = 'v',
  name = 'to-n2',
}: {
  token?: string
  version?: string
  name?: string
} = {}) {
  const upstream = createServer((socket) => socket.on('error', () => {}))
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  const address = upstream.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const network = createNetwork({ seed: 1 })
  const plane = createControlPlane({ network, seed: 1 })
  await plane.addProxy({
    ...{ name, from: 'a', to: 'b', listen: '127.0.0.1:0', upstream: `127.0.0.1:${port}` },
    enabled: true,
  })
  const server = await startControl(plane, { listen: '127.0.0.1:0', version, token })
  const between = createNetwork({ seed: 1 })
  const way = await between.route({
    ...{ from: 'run', to: 'control', listen: { host: '127.0.0.1', port: 0 } },
    upstream: { host: '127.0.0.1', port: server.port },
  })
  onTestFinished(async () => {
    await between.close()
    plane.close()
    await server.close()
    await network.close()
    upstream.close()
  })
  const faults = () => plane.faults.list().map(({ fault }) => fault)
  return {
    plane,
    faults,
    control: `http://127.0.0.1:${way.port}`,
    /** Cuts the run off from this control interface until the returned function is called. */
    cutOff() {
      const cut = between.apply({
        ...{ kind: 'partition', mode: 'drop' },
        links: [
          { from: 'run', to: 'control' },
          { from: 'control', to: 'run' },
        ],
      })
      return () => cut.remove()
    },
  }
}

const planOf = (control: string, more: Partial<RemotePlan> = {}): RemotePlan => ({
  ...{ where: 'mine.json: proxies[0]', control, tokenFrom: undefined, ca: undefined, leaseMs: 600 },
  links: new Map([['to-n2', n1ToN2]]),
  ...more,
})

async function opened(plans: readonly RemotePlan[]) {
  const remotes = await openRemoteProxies(plans, { version: 'v' })
  onTestFinished(() => remotes.close())
  async function inject(fault: TcpFault, here: Parameters<typeof remotes.apply>[1] = nothingHere) {
    const outcome = await remotes.apply(fault, here)
    if (outcome.type === 'failed') throw new Error(outcome.error)
    return () => new Promise<Healed>((resolve) => outcome.heal(resolve))
  }
  return { remotes, inject }
}

describe('a fault at a remote proxy', () => {
  test('a partition at a remote host uses the node names of that host, and the heal removes it', async () => {
    const there = await host()
    const { inject } = await opened([planOf(there.control)])
    const heal = await inject(partition)
    expect(there.faults()).toEqual([
      expect.objectContaining({
        ...{ kind: 'partition', mode: 'drop' },
        links: [
          { from: 'a', to: 'b' },
          { from: 'b', to: 'a' },
        ],
      }),
    ])
    expect(await heal()).toEqual({ type: 'healed', hits: 0 })
    expect(there.faults()).toEqual([])
    expect(there.plane.leases.list()).toEqual([])
  })

  test('a fault at a remote proxy outlasts its lease if the run renews the lease', async () => {
    const there = await host()
    const { inject } = await opened([planOf(there.control, { leaseMs: 1_500 })])
    const heal = await inject({ kind: 'latency', latencyMs: 50, jitterMs: 0, links: [n1ToN2] } as unknown as TcpFault)
    const [lease] = there.plane.leases.list()
    const renewed = vi.fn()
    const renew = there.plane.leases.renew
    vi.spyOn(there.plane.leases, 'renew').mockImplementation((id) => {
      renewed(id)
      return renew(id)
    })
    await eventually(async () => expect(renewed.mock.calls.length).toBeGreaterThan(3))
    expect(there.plane.leases.list()).toEqual([expect.objectContaining({ id: lease!.id })])
    expect(there.faults()).toHaveLength(1)
    expect(await heal()).toEqual({ type: 'healed', hits: 0 })
  })

  test('a fault is applied by this run and by the remote hosts, each for its own links', async () => {
    const [a, b] = [await host(), await host({ name: 'to-n3' })]
    const n1ToN3 = { from: 'n1', to: 'n3' }
    const { inject } = await opened([planOf(a.control), planOf(b.control, { links: new Map([['to-n3', n1ToN3]]) })])
    const clients = { from: 'clients', to: 'n1' }
    const local = { hits: 3, remove: vi.fn() }
    const here = vi.fn(() => local as never)
    const heal = await inject({ kind: 'partition', mode: 'hold', links: [n1ToN2, n1ToN3, clients] }, here)
    expect(here).toHaveBeenCalledWith(expect.objectContaining({ links: [clients] }))
    expect([a.faults(), b.faults()].map(([fault]) => fault!.links)).toEqual([
      [{ from: 'a', to: 'b' }],
      [{ from: 'a', to: 'b' }],
    ])
    expect(await heal()).toEqual({ type: 'healed', hits: 3 })
    expect(local.remove).toHaveBeenCalledOnce()
  })

  test('a fault at remote proxies fails and is reverted on all hosts if one host refuses it', async () => {
    const [a, b] = [await host(), await host({ name: 'to-n3' })]
    const n1ToN3 = { from: 'n1', to: 'n3' }
    const { remotes } = await opened([planOf(a.control), planOf(b.control, { links: new Map([['to-n3', n1ToN3]]) })])
    await b.plane.removeProxy('to-n3')
    expect(await remotes.apply({ kind: 'partition', mode: 'hold', links: [n1ToN2, n1ToN3] }, nothingHere)).toEqual({
      type: 'failed',
      error: expect.stringContaining('no proxy carries the link'),
    })
    expect(a.faults()).toEqual([])
  })

  test('a remote fault is reported as lost, with an unknown time, if the network to the host is cut', async () => {
    const there = await host()
    const { inject } = await opened([planOf(there.control)])
    const heal = await inject(partition)
    there.cutOff()
    await eventually(async () => expect(there.faults()).toEqual([]))
    const healed = await heal()
    expect(healed).toMatchObject({
      type: 'healed',
      lost: { why: expect.stringMatching(/^contact with the proxy at 127\.0\.0\.1:\d+ was lost: .*no answer within/) },
    })
    expect(healed).not.toHaveProperty('lost.overAgo')
  })

  test('a remote fault is reported as lost if the network is restored only after the lease has ended', async () => {
    const there = await host()
    const { inject } = await opened([planOf(there.control)])
    const heal = await inject(partition)
    const restore = there.cutOff()
    await eventually(async () => expect(there.faults()).toEqual([]))
    restore()
    const healed = await heal()
    expect(healed).toMatchObject({
      type: 'healed',
      lost: { why: expect.stringContaining('its lease ran out'), overAgo: expect.any(Number) },
    })
    if (healed.type === 'healed') expect(healed.lost!.knownAgo).toBeGreaterThan(healed.lost!.overAgo!)
  })

  test('a remote fault is healed without loss if the network is restored before the lease ends', async () => {
    const there = await host()
    const { inject } = await opened([planOf(there.control, { leaseMs: 30_000 })])
    const heal = await inject(partition)
    there.cutOff()()
    expect(await heal()).toEqual({ type: 'healed', hits: 0 })
  })

  test('a remote fault is reported as lost if another client has reset the remote host', async () => {
    const there = await host()
    const { inject } = await opened([planOf(there.control)])
    const heal = await inject(partition)
    await there.plane.resetAll()
    await there.plane.leases.grant('somebody', 1_000)
    expect(await heal()).toMatchObject({ type: 'healed', lost: { overAgo: expect.any(Number) } })
  })

  test('a remote fault is reported as lost if its host never replied', async () => {
    const there = await host()
    const { remotes } = await opened([planOf(there.control)])
    let restore = () => {}
    there.plane.events.subscribe(({ type }) => {
      if (type === 'fault-added') restore = there.cutOff()
    })
    const outcome = await remotes.apply(partition, nothingHere)
    restore()
    if (outcome.type === 'failed') throw new Error(outcome.error)
    expect(await new Promise<Healed>((resolve) => outcome.heal(resolve))).toMatchObject({
      lost: { why: expect.stringContaining('no answer within 0.6 s'), overAgo: expect.any(Number) },
    })
    expect(there.faults()).toEqual([])
  })

  test('a fault at a remote proxy is healed when the run stops', async () => {
    const there = await host()
    const { inject, remotes } = await opened([planOf(there.control, { leaseMs: 30_000 })])
    await inject(partition)
    await remotes.close()
    expect(there.faults()).toEqual([])
  })
})

describe('remote proxies', () => {
  const refusalOf = (plan: RemotePlan) =>
    openRemoteProxies([plan], { version: 'v' }).then(
      () => 'opened',
      (error: Error) => error.message,
    )

  test('remote proxies are refused if no token is given, the token is wrong, or its environment variable is not set', async () => {
    const there = await host({ token: 'sesame' })
    vi.stubEnv(TOKEN, 'wrong')
    const remedy = 'give the token that the proxy was started with, by "token" of mine.json: proxies[0].'
    expect(await refusalOf(planOf(there.control))).toBe(
      `mine.json: proxies[0]: The proxy asks for a token (HTTP 401): ${remedy}`,
    )
    expect(await refusalOf(planOf(there.control, { tokenFrom: TOKEN }))).toBe(
      `mine.json: proxies[0]: The proxy refuses the token (HTTP 401): ${remedy}`,
    )
    vi.stubEnv(TOKEN, 'sesame')
    expect(await refusalOf(planOf(there.control, { tokenFrom: TOKEN }))).toBe('opened')
    vi.stubEnv(TOKEN, undefined)
    expect(await refusalOf(planOf(there.control, { tokenFrom: TOKEN }))).toBe(
      `mine.json: proxies[0].token: the environment variable ${TOKEN} is not set. Set it: export ${TOKEN}=…`,
    )
    vi.unstubAllEnvs()
  })

  test('remote proxies are refused if their host runs another version', async () => {
    const there = await host({ version: '0.0.1' })
    expect(await refusalOf(planOf(there.control))).toMatch(
      /the proxy at 127\.0\.0\.1:\d+ has version 0\.0\.1, and this run has v\. Install the same version on both machines\.$/,
    )
  })

  test('remote proxies are refused if a proxy does not exist or is disabled', async () => {
    const there = await host({ name: 'db' })
    expect(await refusalOf(planOf(there.control))).toMatch(/has no proxy to-n2\. It has: db\.$/)
    await there.plane.updateProxy('db', { enabled: false })
    expect(await refusalOf(planOf(there.control, { links: new Map([['db', n1ToN2]]) }))).toMatch(
      /has disabled its proxy db: npx chaos ctl toggle db enables it\.$/,
    )
  })

  test('remote proxies are refused if nothing listens at their address, or if the given certificate is invalid', async () => {
    expect(await refusalOf(planOf('http://127.0.0.1:1'))).toContain('No proxy answers at 127.0.0.1:1')
    const directory = mkdtempSync(join(tmpdir(), 'chaos-remote-'))
    onTestFinished(() => rmSync(directory, { recursive: true }))
    const file = join(directory, 'ca.pem')
    expect(await refusalOf(planOf('https://127.0.0.1:1', { ca: file }))).toContain(`proxies[0].ca: ${file}: `)
    writeFileSync(file, 'x')
    expect(await refusalOf(planOf('https://127.0.0.1:1', { ca: file }))).toBe(
      `mine.json: proxies[0].ca: ${file}: this is not a certificate. Give one in PEM.`,
    )
  })
})

describe('a declaration with remote proxies', () => {
  const nodes = [{ addresses: { client: '127.0.0.1:1' } }, { addresses: { client: '127.0.0.1:2' } }]
  const client = { kind: 'http', routes: { routes: [{ request: 'GET /{key}', f: 'read', result: 'json' }] } }
  const declared = (proxies: object, more: object = {}) => targetOf({ nodes, client, proxies: [proxies], ...more })
  const good = { control: 'https://host-a:8474', token: 'env:TOKEN', proxies: { 'to-n2': n1ToN2 } }

  test('a declaration with remote proxies accepts partitions between nodes, and refuses faults of single messages', () => {
    const target = declared(good)
    expect(target.supports('partition', 'nodes')).toBe(true)
    expect(target.supports('latency', 'nodes')).toBe(true)
    expect(target.supports('drop-message', 'nodes')).toEqual({
      not: 'proxies on other hosts carry the links between nodes, and inject faults into connections, not into single messages',
      instead: ['delay', 'reset', 'partition'],
    })
  })

  test('a declaration is refused if it contains the token instead of an environment variable', () => {
    expect(() => declared({ ...good, token: 'sesame' })).toThrow(
      'mine.json: proxies[0].token: each run stores the declaration, which must therefore not contain the token. Name the environment variable',
    )
    expect(() => declared({ ...good, token: 'sesame' })).not.toThrow(/sesame/)
  })

  test('remote proxies are refused if a proxy carries clients or an unknown node, or if two nodes have no proxy', () => {
    expect(() => declared({ ...good, proxies: { x: { from: 'clients', to: 'n1' } } })).toThrow(
      'mine.json: proxies[0].proxies.x: clients belong to this run, whose own proxy is already between them and the nodes.',
    )
    expect(() => declared({ ...good, proxies: { x: { from: 'n1', to: 'n7' } } })).toThrow('there is no node n7')
    const third = { nodes: [...nodes, { addresses: { client: '127.0.0.1:3' } }] }
    expect(() => declared(good, third)).toThrow('n1 and n3 have no link through the proxy')
    expect(() => declared({ ...good, control: 'host-a' })).toThrow('must be an address such as https://host-a:8474')
  })

  test('remote proxies are refused if the run starts the nodes, because the links are then local', () => {
    expect(() => targetOf({ nodes: 2, command: ['x'], client, proxies: [good] })).toThrow(
      'this member is only for nodes that are already running. Give each node its "addresses"',
    )
  })
})
