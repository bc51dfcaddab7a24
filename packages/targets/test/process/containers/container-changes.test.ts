import { describe, expect, test } from 'vitest'
import { createContainerChanges } from '../../../src/containers/container-changes.ts'
import { directText, directTraffic } from '../../../src/containers/direct-traffic.ts'
import type { Container } from '../../../src/containers/engine.ts'
import { connectionsIn as connectedIn } from '../../../src/containers/listening-ports.ts'
import { isInPlaceOf, laterName, type Member } from '../../../src/containers/members.ts'
import { connectionsIn } from '../../../src/containers/redirection.ts'

const container = (service: string, number: number, over: Partial<Container> = {}): Container => ({
  ...{ id: `${service}${number}`, name: `shop_${service}_${number}`, service, number, image: 'kv', command: [] },
  ...{ environment: {}, healthCheck: [], labels: {}, running: true, pid: 7, networkMode: 'bridge', networks: [] },
  ...{
    published: [],
    hostPorts: [],
    exposed: [],
    exitCode: 0,
    startedAtMs: 1000,
    backUntilMs: undefined,
    ...over,
  },
})
const member = (endpoint: string, each: Container): Member => ({ endpoint, isNode: true, container: each })

describe('a change of a container during a run', () => {
  test('a change of a container is reported once, with the time until its links led through the proxy', () => {
    let now = 5_000
    const changes = createContainerChanges(() => now)
    const web = member('n1', container('web', 1))
    expect(changes.look([web])).toEqual([])
    expect(changes.summary()).toBeUndefined()
    const added = member('web-2', container('web', 2, { startedAtMs: 5_900 }))
    now = 6_000
    const joined = { what: 'joined', node: 'web-2', container: 'shop_web_2', followedAfterMs: 100 }
    expect(changes.look([web, added])).toEqual([joined])
    expect(changes.look([web, added])).toEqual([])
    web.container = container('web', 1, { running: false, pid: 0 })
    expect(changes.look([web, added])).toEqual([{ what: 'left', node: 'n1', container: 'shop_web_1' }])
    expect(changes.look([web, added])).toEqual([])
    web.container = container('web', 1, { startedAtMs: 5_960 })
    expect(changes.look([web, added])).toEqual([
      { what: 'started', node: 'n1', container: 'shop_web_1', followedAfterMs: 40 },
    ])
    expect(changes.summary()).toBe(
      'containers: 1 joined (web-2), 1 left (n1), 1 started again (n1); their links led through the proxy 40 to 100 ms after they had started',
    )
  })

  test('a change of a container is noticed even if the container restarted between two inspections', () => {
    const changes = createContainerChanges(() => 2_000)
    const web = member('n1', container('web', 1))
    changes.look([web])
    web.container = container('web', 1, { id: 'anew', startedAtMs: undefined })
    expect(changes.look([web])).toEqual([{ what: 'started', node: 'n1', container: 'shop_web_1' }])
    expect(changes.summary()).toBe('containers: 1 started again (n1)')
  })
})

describe('a container that restarts', () => {
  const at = (address: string, over: Partial<Container> = {}) =>
    container('kv', 2, { networks: [{ name: 'net', family: 4, address }] as unknown as Container['networks'], ...over })

  test('a restarted container is reported with both addresses if a neighbour still dials the old address', () => {
    const changes = createContainerChanges(() => 2_000)
    const [n1, n2] = [member('n1', container('kv', 1, { pid: 11 })), member('n2', at('10.0.0.3', { pid: 12 }))]
    changes.look([n1, n2])
    n2.container = at('10.0.0.3', { running: false, pid: 0 })
    changes.look([n1, n2])
    n2.container = at('10.0.0.8', { pid: 13, startedAtMs: 1_990 })
    const [change] = changes.look([n1, n2])
    expect(change).toMatchObject({ what: 'started', node: 'n2', moved: { from: ['10.0.0.3'], to: ['10.0.0.8'] } })
    const dialling = (pid: number, addresses: readonly string[]) => (pid === 11 ? addresses : [])
    changes.lookForStale([n1, n2], () => [], 9_000)
    changes.lookForStale([n1, n2], dialling, 3_000)
    expect(changes.summary()).not.toContain('came back')
    changes.lookForStale([n1, n2], dialling, 9_000)
    expect(changes.summary()).toContain(
      '. n2 came back at another address (10.0.0.8, before 10.0.0.3), and n1 kept dialling the old one, so it does not reach n2: resolve',
    )
  })

  test('a restarted container is not reported as moved if no address changed or another container has the old address', () => {
    const changes = createContainerChanges(() => 2_000)
    const [n1, n2] = [member('n1', container('kv', 1)), member('n2', at('10.0.0.3'))]
    changes.look([n1, n2])
    n2.container = at('10.0.0.3', { startedAtMs: 1_500 })
    expect(changes.look([n1, n2])[0]).not.toHaveProperty('moved')
    n2.container = at('10.0.0.8', { startedAtMs: 1_900 })
    changes.look([n1, n2])
    const n3 = member('n3', at('10.0.0.3', { pid: 14 }))
    changes.lookForStale([n1, n2, n3], (_, addresses) => addresses, 9_000)
    expect(changes.summary()).not.toContain('came back')
  })
})

describe('the name of a container that starts during a run', () => {
  test('a new container is named after its service, with its number if another node has the same service', () => {
    expect(laterName(container('web', 3), [container('web', 1)])).toBe('web-3')
    expect(laterName(container('db', 1), [container('web', 1)])).toBe('db')
  })

  test('the name of a container is reused only by a container of the same service with the same number', () => {
    expect(isInPlaceOf(container('web', 2, { id: 'anew' }), container('web', 2))).toBe(true)
    expect(isInPlaceOf(container('web', 3), container('web', 2))).toBe(false)
  })
})

describe('connections that bypass the proxy', () => {
  const refused = {
    packets: new Map([
      ['10.0.0.1>10.0.0.2', 3],
      ['10.0.0.2>10.0.0.1', 0],
    ]),
    datagrams: new Map([
      ['10.0.0.1>10.0.0.2', 5],
      ['10.0.0.2>10.0.0.1', 0],
    ]),
    connections: [
      { from: '10.0.0.1', fromPort: 40_000, to: '10.0.0.2', toPort: 7000 },
      { from: '10.0.0.2', fromPort: 7000, to: '10.0.0.1', toPort: 40_000 },
      { from: '10.0.0.2', fromPort: 7000, to: '10.0.0.1', toPort: 40_001 },
      { from: '10.0.0.1', fromPort: 40_002, to: '10.0.0.2', toPort: 7000 },
    ],
  }
  const names = {
    link: (from: string, to: string) => (from === '10.0.0.1' && to === '10.0.0.2' ? 'n1>db' : undefined),
    listens: (address: string, port: number) => address === '10.0.0.2' && port === 7000,
  }

  test('connections that bypass the proxy are counted once, on the link from the side that opened them', () => {
    const { connections, packets, datagrams } = directTraffic(refused, names, new Set())
    expect(connections).toEqual(new Map([['n1>db', 3]]))
    expect(packets).toEqual(new Map([['n1>db', 3]]))
    expect(datagrams).toEqual(new Map([['n1>db', 5]]))
    expect(directText(connections)).toBe('n1>db 3')
    expect(directText(new Map())).toBe('none')
  })

  test('connections that were opened before the run do not count as bypassing the proxy', () => {
    const older = new Set(['10.0.0.1:40000 10.0.0.2:7000'])
    expect(directTraffic(refused, names, older).connections).toEqual(new Map([['n1>db', 2]]))
  })

  test('connections that bypass the proxy are parsed from the nftables rules of the kernel', () => {
    const listing = `table inet chaos_shop {
	set pairs4 {
		type ipv4_addr . ipv4_addr
		counter
		elements = { 10.0.0.1 . 10.0.0.2 counter packets 3 bytes 180 }
	}

	set open4 {
		type ipv4_addr . inet_service . ipv4_addr . inet_service
		size 4096
		flags dynamic
		elements = { 10.0.0.1 . 40000 . 10.0.0.2 . 7000,
			     10.0.0.2 . 7000 . 10.0.0.1 . 40000 }
	}

	set pairs6 {
		type ipv6_addr . ipv6_addr
		counter
	}

	set open6 {
		type ipv6_addr . inet_service . ipv6_addr . inet_service
		size 4096
		flags dynamic
		elements = { fd00::1 . 40001 . fd00::2 . 7000 }
	}
}
`
    const over6 = { from: 'fd00::1', fromPort: 40_001, to: 'fd00::2', toPort: 7000 }
    expect(connectionsIn(listing)).toEqual([...refused.connections.slice(0, 2), over6])
    expect(connectionsIn(listing.replaceAll(/elements = \{.*?\}/gs, ''))).toEqual([])
  })

  test('established connections that bypass the proxy are read from the socket table of a process', () => {
    const table = `  sl  local_address rem_address   st
   0: 00000000:1B58 00000000:0000 0A 00000000:00000000
   1: 0100000A:9C40 0200000A:1B58 01 00000000:00000000
   2: 0100000A:9C41 0300000A:1B58 06 00000000:00000000
   3: 0000000000000000FFFF00000100000A:1B58 0000000000000000FFFF00000400000A:9C40 01 00000000
`
    expect(connectedIn(table)).toEqual(['0200000A', '0400000A'])
    expect(connectedIn(table.replace(' 06 ', ' 02 '), '02')).toEqual(['0300000A'])
  })
})
