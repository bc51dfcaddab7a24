import { execFile, spawnSync } from 'node:child_process'
import { isIPv6 } from 'node:net'
import { promisify } from 'node:util'
import type { Fault, Link } from '@chaosproxy/faults'
import { millis } from '@chaosproxy/history'
import type { Healed } from '@chaosproxy/runner'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { onMachine } from '../../../../testing/src/containers/podman.ts'
import { type NetContainers, openNetContainers } from '../../../bench/net-containers.ts'
import { type ContainerNetwork, openContainerNetwork } from '../../../src/containers/container-network.ts'

// Tests of links between containers without an engine: network namespaces on a bridge, with IPv4 and IPv6 addresses.

const isPossible =
  process.getuid?.() === 0 && ['ip', 'nft', 'nsenter', 'bash'].every((each) => spawnSync('which', [each]).status === 0)

/** Answers HTTP requests with the client's address, and sends datagrams back. */
const PROGRAM = `
require('node:http').createServer(({ socket }, response) => response.end(socket.remoteAddress)).listen(9000, '::', () => {
  const echo = require('node:dgram').createSocket('udp6')
  echo.on('message', (message, { port, address }) => echo.send(message, port, address)).bind(5000, '::', () => console.log('ready'))
})`

describe.runIf(isPossible)('links between containers', () => {
  const path = process.env['PATH']
  let containers: NetContainers
  let links: ContainerNetwork
  beforeAll(async () => {
    containers = await openNetContainers(3, { ipv6: true, program: PROGRAM })
    process.env['PATH'] = containers.path
    links = await openContainerNetwork({
      where: 'links',
      ids: new Map(containers.ids.map((id, i) => [`n${i + 1}`, id])),
      seed: 1,
    })
  }, 120_000)
  afterAll(async () => {
    await links?.close()
    containers?.remove()
    process.env['PATH'] = path
    expect(onMachine(`containers_${containers?.ids[0]?.slice(0, 12)}`, process.pid)).toEqual([])
  }, 120_000)

  const idOf = (node: string) => containers.ids[Number(node.slice(1)) - 1] ?? ''
  const addressesOf = (node: string) => {
    const [address, address6 = ''] = [containers.addressOf(idOf(node)), containers.address6Of(idOf(node))]
    return { ipv4: address, ipv6: address6 }
  }
  const between = (from: string, to: string): Link => ({ from, to })
  async function printed(from: string, script: string): Promise<string> {
    const words = [`--net=/run/netns/${idOf(from)}`, '--', process.execPath, '-e', script]
    const { stdout } = await promisify(execFile)('nsenter', words, { timeout: 60_000 })
    return stdout.trim()
  }
  /** Returns the address that the server sees for the requesting container. */
  async function answerFrom(from: string, to: string, family: 'ipv4' | 'ipv6'): Promise<string> {
    const host = addressesOf(to)[family]
    const url = `http://${isIPv6(host) ? `[${host}]` : host}:9000/`
    const said = await printed(
      from,
      `fetch('${url}', { signal: AbortSignal.timeout(3000) }).then((r) => r.text()).then(console.log, (e) => console.log(e.name))`,
    )
    return said.replace('::ffff:', '')
  }
  const echoed = (from: string, to: string, family: 'ipv4' | 'ipv6') =>
    printed(
      from,
      `const socket = require('dgram').createSocket('udp${family === 'ipv4' ? 4 : 6}').on('message', () => end('echo'))
      const end = (said) => { console.log(said); process.exit() }
      socket.send('x', 5000, '${addressesOf(to)[family]}')
      setTimeout(end, 1500, 'silence')`,
    )
  async function inject(fault: Fault): Promise<() => Promise<Healed>> {
    const injected = await links.inject(fault)
    if (injected.type === 'failed') throw new Error(injected.error)
    return () => new Promise((resolve) => injected.heal(resolve))
  }

  test.each(['ipv4', 'ipv6'] as const)(
    "a partition cuts container links over %s, and servers see the client's address before and after the cut",
    async (family) => {
      const [n1, n3] = [addressesOf('n1')[family], addressesOf('n3')[family]]
      expect(await answerFrom('n1', 'n2', family)).toBe(n1)
      const heal = await inject({ kind: 'partition', links: [between('n1', 'n2')], mode: 'hold' })
      expect(await answerFrom('n1', 'n2', family)).toBe('TimeoutError')
      expect(await answerFrom('n3', 'n2', family)).toBe(n3)
      expect(await answerFrom('n1', 'n3', family)).toBe(n1)
      await heal()
      expect(await answerFrom('n1', 'n2', family)).toBe(n1)
    },
  )

  test.each(['ipv4', 'ipv6'] as const)(
    'links between containers lose datagrams over %s in either direction while they are cut',
    async (family) => {
      expect(await echoed('n1', 'n2', family)).toBe('echo')
      for (const link of [between('n1', 'n2'), between('n2', 'n1')]) {
        const heal = await inject({ kind: 'partition', links: [link], mode: 'hold' })
        expect(await echoed('n1', 'n2', family)).toBe('silence')
        expect(await echoed('n3', 'n2', family)).toBe('echo')
        expect(await heal()).toMatchObject({ type: 'healed', hits: 1 })
        expect(await echoed('n1', 'n2', family)).toBe('echo')
      }
    },
  )

  test('a link loses datagrams until the last of several cuts is healed, and the cuts count losses separately', async () => {
    const cut = { kind: 'blackhole', links: [between('n1', 'n2')] } as const
    const first = await inject(cut)
    expect(await echoed('n1', 'n2', 'ipv4')).toBe('silence')
    const second = await inject(cut)
    expect(await echoed('n1', 'n2', 'ipv4')).toBe('silence')
    expect(await first()).toMatchObject({ hits: 2 })
    expect(await echoed('n1', 'n2', 'ipv4')).toBe('silence')
    expect(await second()).toMatchObject({ hits: 2 })
    expect(await echoed('n1', 'n2', 'ipv4')).toBe('echo')
  })

  test('links between containers carry datagrams while a latency fault delays their connections', async () => {
    const heal = await inject({
      kind: 'latency',
      latencyMs: millis(60_000),
      jitterMs: millis(0),
      links: [between('n1', 'n2')],
    })
    expect(await echoed('n1', 'n2', 'ipv4')).toBe('echo')
    expect(await answerFrom('n1', 'n2', 'ipv4')).toBe('TimeoutError')
    await heal()
  })
})
