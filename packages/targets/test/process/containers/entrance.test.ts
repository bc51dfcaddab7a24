import { describe, expect, test } from 'vitest'
import type { ContainersDeclaration } from '../../../src/cluster/declaration.ts'
import type { Container } from '../../../src/containers/engine.ts'
import { entranceOf, noEntrance, requireEntrance } from '../../../src/containers/entrance.ts'
import { membersOf } from '../../../src/containers/members.ts'

const container = (service: string, over: Partial<Container> = {}): Container => ({
  ...{
    id: `${service}-${over.number ?? 1}`,
    name: `shop_${service}_1`,
    service,
    number: 1,
    image: 'nginx',
    command: [],
  },
  ...{ environment: {}, healthCheck: [], labels: {}, running: true, pid: 7, networkMode: 'bridge', networks: [] },
  ...{
    published: [],
    hostPorts: [],
    exposed: [],
    exitCode: 0,
    startedAtMs: 1,
    backUntilMs: undefined,
    ...over,
  },
})
const declared = (through: ContainersDeclaration['through']): ContainersDeclaration => ({
  ...{ compose: 'compose.yaml', nodes: ['web'], through },
  client: { kind: 'resp', commands: 'register' },
})

function required(service: string, gateway: Partial<Container> = {}): void {
  const declaration = declared({ service })
  const containers = [container('web'), container('gateway', gateway), container('db')]
  requireEntrance(declaration, membersOf(declaration, containers, 'shop.json'), containers, 'shop.json')
}

describe('a gateway for the clients', () => {
  test('a gateway for the clients may be a running service that is not a node', () => {
    expect(() => required('gateway')).not.toThrow()
  })

  test('a gateway that is not a service of the project is refused', () => {
    expect(() => required('gatewy')).toThrow(
      /^shop\.json: through: there is no service gatewy\..*gateway.* Services that are not nodes: gateway, db\.$/,
    )
  })

  test('a gateway that is also a node is refused', () => {
    expect(() => required('web')).toThrow(/^shop\.json: through: web is a node, .* Leave web out of "nodes"/)
  })

  test('a gateway that has exited is refused', () => {
    expect(() => required('gateway', { running: false, pid: 0, exitCode: 1 })).toThrow(
      /^shop\.json: through: gateway \(shop_gateway_1\) does not run: it ended with exit code 1\. Start it first/,
    )
  })
})

describe('the port of a gateway', () => {
  const entrance = (listening: readonly number[], over: Partial<Container> = {}, port?: number) => {
    const through = { service: 'gateway', ...(port === undefined ? {} : { port }) }
    const members = membersOf(declared(through), [container('web'), container('gateway', over)], 'shop.json')
    const found = entranceOf(through, members, () => listening)
    return found.port ?? noEntrance(through, found, 'shop.json').message
  }

  test('the port of a gateway is the declared port, else the only published port, else the only listening port', () => {
    expect(entrance([80, 8080], {}, 8080)).toBe(8080)
    expect(entrance([80, 8080], { published: [80] })).toBe(80)
    expect(entrance([80])).toBe(80)
  })

  test('the port of a gateway must be declared if several ports are published', () => {
    expect(entrance([80, 8080], { published: [80, 8080] })).toMatch(
      /gateway listens on 80, 8080, and it is unclear which port clients dial\. Name the port, such as "through": \{"service": "gateway", "port": 80\}/,
    )
  })

  test('the port of a gateway must be a port on which the gateway listens', () => {
    expect(entrance([80], {}, 81)).toMatch(/gateway does not listen on port 81\. It listens on 80\./)
    expect(entrance([])).toMatch(/gateway does not listen on any port\. It listens on none\./)
  })

  test('the port of a scaled gateway is looked up in each of its containers', () => {
    const through = { service: 'gateway' }
    const containers = [container('web'), container('gateway'), container('gateway', { number: 2 })]
    const members = membersOf(declared(through), containers, 'shop.json')
    expect(entranceOf(through, members, ({ number }) => (number === 1 ? [80] : [])).port).toBeUndefined()
    expect(entranceOf(through, members, () => [80]).port).toBe(80)
  })
})
