import { describe, expect, test } from 'vitest'
import { containersIn } from '../../../src/containers/engine.ts'
import { groupOfServices, nodeGroups } from '../../../src/containers/node-groups.ts'
import { proposalFor } from '../../../src/containers/proposal.ts'

interface Described {
  readonly image: string
  readonly command?: readonly string[]
  readonly environment?: readonly string[]
  readonly ports?: readonly string[]
  readonly health?: readonly string[]
  readonly ended?: true
  readonly number?: number
}

/** Returns the containers of a project, as an engine's inspection describes them. */
const project = (services: { readonly [service: string]: Described | readonly Described[] }) =>
  containersIn(
    JSON.stringify(
      Object.entries(services).flatMap(([service, described]) =>
        [described].flat().map((each, i) => ({
          Id: `${service}-${i}`,
          Name: `/shop_${service}_${i + 1}`,
          State: { Running: each.ended === undefined, Pid: each.ended === undefined ? 1 : 0, ExitCode: 0 },
          Config: {
            Image: each.image,
            Labels: {
              'com.docker.compose.project': 'shop',
              'com.docker.compose.service': service,
              'com.docker.compose.container-number': String(i + 1),
            },
            Env: each.environment ?? [],
            Cmd: each.command ?? null,
            Healthcheck: { Test: each.health ?? null },
          },
          HostConfig: { NetworkMode: 'shop_default' },
          NetworkSettings: {
            Networks: { shop_default: { IPAddress: '10.0.0.2' } },
            Ports: Object.fromEntries((each.ports ?? []).map((port) => [`${port}/tcp`, [{}]])),
          },
        })),
      ),
    ),
  )

const groupsOf = (services: Parameters<typeof project>[0]) =>
  nodeGroups(project(services)).map((group) => group.services)

const proposed = (services: Parameters<typeof project>[0], chosen?: readonly string[]) => {
  const containers = project(services)
  const [likeliest] = nodeGroups(containers)
  const group = chosen === undefined ? likeliest! : groupOfServices(chosen, containers)
  return proposalFor({ compose: 'compose.yaml', engine: 'docker', group, containers, listening: () => [] })
}

const redisWithSentinels = {
  sentinel: [1, 2, 3].map(() => ({
    image: 'docker.io/bitnami/redis-sentinel:7.2',
    environment: ['REDIS_MASTER_HOST=redis'],
  })),
  replica: { image: 'bitnami/redis:7.2', environment: ['REDIS_REPLICATION_MODE=slave', 'REDIS_MASTER_HOST=redis'] },
  redis: { image: 'bitnami/redis:7.2', environment: ['REDIS_REPLICATION_MODE=master', 'REDIS_PASSWORD=secret'] },
}

describe('the proposed nodes of a Compose project', () => {
  test('the proposed nodes are the Redis primary and then its replicas, without the Sentinels', () => {
    expect(groupsOf(redisWithSentinels)).toEqual([['redis', 'replica']])
  })

  test('the proposed nodes are the members of an etcd cluster, without its console', () => {
    const member = (name: string) => ({
      image: 'quay.io/coreos/etcd:v3.5.9',
      command: ['etcd', '--name', name, '--initial-cluster', 'e1=http://e1:2380,e2=http://e2:2380,e3=http://e3:2380'],
    })
    const etcd = { e1: member('e1'), e2: member('e2'), e3: member('e3'), ui: { image: 'evildecay/etcdkeeper' } }
    expect(groupsOf(etcd)).toEqual([['e1', 'e2', 'e3']])
  })

  test('the proposed nodes begin with the web servers, and exclude the gateway, migration and console', () => {
    const web = { image: 'shop-web', command: ['node', 'web.js'], ports: ['8080'] }
    const shop = {
      web: [web, web],
      db: { image: 'postgres:16' },
      cache: { image: 'redis:7' },
      migrate: { image: 'shop-migrate', ended: true },
      nginx: { image: 'nginx:alpine' },
      adminer: { image: 'adminer' },
    } as const
    expect(groupsOf(shop)).toEqual([['web'], ['cache'], ['db']])
  })

  test('services with a common name and a number are proposed as nodes, in numeric order', () => {
    const node = (name: string) => ({ image: `shop_${name}` })
    expect(groupsOf({ n10: node('n10'), n2: node('n2'), n1: node('n1') })).toEqual([['n1', 'n2', 'n10']])
  })

  test('services that share only the image of a language runtime are proposed as separate groups', () => {
    expect(groupsOf({ api: { image: 'node:20' }, mail: { image: 'node:20' } })).toEqual([['api'], ['mail']])
  })

  test('replicas of one image are proposed together, and different programs of one image separately', () => {
    const app = (command: readonly string[], environment: readonly string[] = []) => ({
      image: 'shop-app',
      command,
      environment,
    })
    expect(groupsOf({ api: app(['node', 'api.js']), worker: app(['node', 'worker.js']) })).toEqual([
      ['api'],
      ['worker'],
    ])
    expect(
      groupsOf({ api: app(['npm', 'run', 'api']), jobs: app(['npm', 'run', 'jobs'], ['API=http://api:80']) }),
    ).toEqual([['api'], ['jobs']])
    expect(groupsOf({ web: app(['app', '--serve']), mail: app(['app', '--mail']) })).toEqual([['mail'], ['web']])
    expect(groupsOf({ web: app([], ['ROLE=web']), mail: app([], ['ROLE=mail']) })).toEqual([['mail'], ['web']])
    // These belong together.
    expect(groupsOf({ red: app(['kv', '--name', 'red']), blue: app(['kv', '--name', 'blue']) })).toEqual([
      ['blue', 'red'],
    ])
    expect(groupsOf({ red: app(['kv']), blue: app(['kv']), green: app(['kv']) })).toEqual([['blue', 'green', 'red']])
    expect(groupsOf({ main: app(['kv', '--lead']), copy: app(['kv', '--follow', 'main:7000']) })).toEqual([
      ['main', 'copy'],
    ])
    expect(
      groupsOf({ main: app([], ['ROLE=leader']), copy: app([], ['ROLE=follower', 'LEADER=http://main:80']) }),
    ).toEqual([['main', 'copy']])
  })

  test('two databases are proposed separately if neither configuration mentions the other', () => {
    expect(groupsOf({ orders: { image: 'postgres:16' }, users: { image: 'postgres:16' } })).toEqual([
      ['orders'],
      ['users'],
    ])
  })

  test('no node is proposed if the project has only a broker and its console', () => {
    expect(groupsOf({ kafka: { image: 'redpandadata/redpanda' }, console: { image: 'redpandadata/console' } })).toEqual(
      [],
    )
  })
})

describe('the proposed faults', () => {
  const web = (...environment: readonly string[]) => ({ image: 'shop_web', ports: ['8080'], environment })

  test('partitions are proposed between nodes whose configurations mention each other', () => {
    const a = web('PEERS=http://web2:8080', 'DB=db')
    const b = web('PEERS=http://web1:8080', 'DB=db')
    expect(proposed({ web1: a, web2: b, db: { image: 'postgres:16' } }).faults).toEqual(['partition', 'kill'])
    const scaled = web('SEED=web:7000', 'DATABASE_URL=postgres://db/shop')
    expect(proposed({ web: [scaled, scaled], db: { image: 'postgres:16' } }).faults).toEqual(['partition', 'kill'])
    expect(proposed(redisWithSentinels).faults).toEqual(['partition', 'kill'])
  })

  test("cuts between nodes and their services are proposed if no node's configuration mentions another node", () => {
    const one = web('DATABASE_URL=postgres://app:x@db:5432/shop', 'MAIL=http://mail:80', 'EDGE=edge')
    const rest = { mail: { image: 'shop_mail' }, db: { image: 'postgres:16' }, edge: { image: 'nginx' } }
    expect(proposed({ ...rest, web: [one, one] }).faults).toEqual(['partition:db', 'kill'])
    expect(proposed({ ...rest, web: one }, ['web']).faults).toEqual(['partition:db', 'kill'])
    expect(
      proposed({ mail: { image: 'shop_mail' }, web: [web('MAIL=http://mail'), web('MAIL=http://mail')] }).faults,
    ).toEqual(['partition:mail', 'kill'])
    expect(proposed({ web: [web(), web()], db: { image: 'postgres:16' } }).faults).toEqual(['partition', 'kill'])
  })

  test('the proposed faults exclude stopped services if any service runs', () => {
    const shop = { web: web('DB=db', 'MAIL=mail'), mail: { image: 'shop_mail' } }
    const { faults, cuttable } = proposed({ ...shop, db: { image: 'postgres:16', ended: true } }, ['web'])
    expect(faults).toEqual(['partition:mail', 'kill'])
    expect(cuttable).toEqual(['mail'])
    const { web: stopped, ...rest } = { ...shop, db: { image: 'postgres:16' } }
    const down = {
      web: { ...stopped, ended: true },
      mail: { ...rest.mail, ended: true },
      db: { ...rest.db, ended: true },
    } as const
    expect(proposed(down, ['web']).faults).toEqual(['partition:db', 'kill'])
  })
})

describe('the proposed declaration', () => {
  test("the proposed declaration has a Redis client with its password, and reads each node's role in its container", () => {
    const { declaration, open } = proposed(redisWithSentinels)
    expect(declaration).toMatchObject({
      nodes: ['redis', 'replica'],
      port: 6379,
      client: { kind: 'resp', commands: 'register', keys: 'chaos-{run}-{key}', password: 'secret' },
      role: { by: 'command', leads: '^master' },
    })
    expect(open).toEqual(['The file contains the password: keep it secret.'])
  })

  test('the proposed declaration has the user and the database of a PostgreSQL service', () => {
    const environment = ['POSTGRES_USER=app', 'POSTGRES_PASSWORD=x']
    expect(proposed({ db: { image: 'postgres:16', environment } }).declaration).toMatchObject({
      port: 5432,
      client: { kind: 'postgres', user: 'app', password: 'x', database: 'app' },
    })
  })

  test('the proposed declaration waits for the path in the health check, and contains example routes', () => {
    const health = ['CMD-SHELL', 'curl -f http://localhost:8080/healthz || exit 1']
    const { declaration, open } = proposed({ web: { image: 'shop_web', ports: ['9090', '8080'], health } })
    expect(declaration).toMatchObject({ port: 8080, ready: { by: 'http', path: '/healthz' }, client: { kind: 'http' } })
    expect(open).toEqual([expect.stringContaining('"routes" is a skeleton')])
  })

  test('the proposed declaration has no port, and says so, if several ports are equally likely', () => {
    const { declaration, open } = proposed({ web: { image: 'shop_web', ports: ['9090', '7070'] } })
    expect(declaration.port).toBeUndefined()
    expect(open[0]).toMatch(/"port" is missing/)
  })

  test('the proposed declaration has a client of the kind "module" if no built-in client fits the service', () => {
    const { declaration, open } = proposed({ queue: { image: 'rabbitmq:3' } }, ['queue'])
    expect(declaration).toMatchObject({ nodes: ['queue'], client: { kind: 'module' } })
    expect(open.join()).toMatch(/no client for this system/)
  })

  test('the proposed declaration routes clients through a gateway if only the gateway has a published port', () => {
    const web = { image: 'shop-web', command: ['node', 'web.js'] }
    const { declaration, open } = proposed({ web: [web, web], lb: { image: 'docker.io/nginx:1.27', ports: ['80'] } })
    expect(declaration).toMatchObject({ nodes: ['web'], through: { service: 'lb', port: 80 } })
    expect(open).toContainEqual('Clients come through lb, port 80. Without "through" they dial the nodes.')
  })

  test('a gateway that publishes 9000 and 80 is proposed with port 80, but without a port if it publishes 9000 and 9443', () => {
    const web = { image: 'shop-web' }
    const throughOf = (...ports: string[]) =>
      proposed({ web, edge: { image: 'traefik:v3', ports } }).declaration.through
    expect(throughOf('9000', '80')).toEqual({ service: 'edge', port: 80 })
    expect(throughOf('9000', '9443')).toEqual({ service: 'edge' })
    expect(proposed({ web, edge: { image: 'traefik:v3', ports: ['9000', '9443'] } }).open).toContainEqual(
      '"through" has no port: edge publishes 9000, 9443.',
    )
  })

  test('a gateway is proposed only if no node publishes a port, and exactly one HTTP load balancer publishes a port', () => {
    const nginx = { image: 'nginx', ports: ['80'] }
    const published = proposed({ web: { image: 'shop-web', ports: ['8080'] }, nginx })
    expect(published.declaration.through).toBeUndefined()
    expect(published.open[0]).toMatch(/^Clients dial the nodes\. If they are to come through nginx: /)
    const two = proposed({ web: { image: 'shop-web' }, nginx, haproxy: { image: 'haproxy:3', ports: ['81'] } })
    expect(two.declaration.through).toBeUndefined()
    expect(two.open.join()).toMatch(/come through nginx or haproxy/)
    expect(proposed({ web: { image: 'shop-web' }, nginx: { image: 'nginx' } }).declaration.through).toBeUndefined()
    expect(
      proposed({ web: { image: 'shop-web' }, squid: { image: 'squid', ports: ['80'] } }).declaration.through,
    ).toBeUndefined()
  })
})
