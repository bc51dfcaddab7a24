import { resolve } from 'node:path'
import { fillPlaceholders, literally, type Placeholders, usageError } from '@chaosproxy/history'
import type { Target } from '@chaosproxy/runner'
import {
  type BesideServer,
  declaredTarget,
  missingRedis,
  nodeProgram,
  redisBeside,
  type StartedDeclaration,
  startBeside,
} from '@chaosproxy/targets'
import { type ServiceSpec, serviceName, USUAL_NODES, urlVariables } from '../references/services.ts'

/**
 * Returns a target that runs a service as processes. Each node has a directory as its disk, and reaches the other nodes
 * through the proxy. Faults do not affect programs that run beside the nodes.
 *
 * @throws UserError (input) for a route table that cannot be read.
 */
export function processesTarget(spec: ServiceSpec): Target {
  const [database] = Object.keys(spec.postgres ?? {})
  if (database !== undefined)
    throw usageError(
      `${serviceName(spec)}: its PostgreSQL (${database}) exists only in the simulator: npx chaos simulate ${serviceName(spec)}. To run the service as processes, leave ${database} out of "beside", and give the programs the address of a real server in "environment".`,
    )
  const servers = serversBeside(spec)
  // Servers beside the nodes have no addresses yet. Placeholders for their addresses suffice to find unknown names.
  const target = declaredWith(
    spec,
    Object.fromEntries(
      servers.flatMap(({ id }) => ['peer', 'peer-host', 'peer-port'].map((what) => [`${what}.${id}`, `${what}.${id}`])),
    ),
  )
  if (servers.length === 0) return target
  return {
    ...target,
    ...(spec.redis === undefined ? {} : { missing: missingRedis }),
    async start(options) {
      const beside = await startBeside(servers, options)
      try {
        const cluster = await declaredWith(spec, beside.placeholders).start(options)
        return {
          ...cluster,
          trouble: () => [...cluster.trouble(), ...beside.trouble()],
          stop: (stopped) => cluster.stop(() => void beside.end().then(stopped)),
        }
      } catch (error) {
        await beside.end()
        throw error
      }
    },
  }
}

function serversBeside(spec: ServiceSpec): readonly BesideServer[] {
  const programs = Object.entries(spec.beside ?? {})
  const urls = urlsOf(spec, (name) => `{peer.${name}}`)
  return [
    ...(spec.redis === undefined ? [] : [redisBeside]),
    ...programs.map(([id, { program, args = [], environment }]): BesideServer => {
      const own = { PORT: '{port}', HOST: '{host}', NODE_ID: id, PEERS: '' }
      const [node, ...rest] = nodeProgram(resolve(program)).map(literally) as [string, ...string[]]
      return { id, words: [node, ...rest, ...args], environment: { ...own, ...urls, ...environment } }
    }),
  ]
}

const urlsOf = ({ redis, beside = {} }: ServiceSpec, addressOf: (name: string) => string) => ({
  ...(redis === undefined ? {} : { REDIS_URL: `redis://${addressOf(redisBeside.id)}` }),
  ...urlVariables(new Map(Object.keys(beside).map((name) => [name, `http://${addressOf(name)}`]))),
})

const declaredWith = (spec: ServiceSpec, beside: Placeholders): Target =>
  declaredTarget(declarationOf(spec, beside), { where: serviceName(spec), directory: '.' })

/**
 * Returns the declaration of the processes. Their environment variables are those of the simulator, with two
 * differences: `CHAOS_SIMULATED` is missing, and `NODE_ENV` is that of this process.
 */
function declarationOf(spec: ServiceSpec, beside: Placeholders): StartedDeclaration {
  const { program, routes, client, args = [], environment = {}, nodes = USUAL_NODES } = spec
  const placed = (text: string) =>
    text.replaceAll(/(?<!\{)\{(peer(?:-host|-port)?\.[a-z][a-z0-9-]*)\}/g, (whole, name: string) =>
      Object.hasOwn(beside, name) ? fillPlaceholders(whole, beside) : whole,
    )
  const urls = urlsOf(spec, (name) => String(beside[`peer.${name}`]))
  return {
    name: serviceName(spec),
    summary: `the program ${program}`,
    nodes,
    ports: ['http'],
    command: [...nodeProgram(resolve(program)).map(literally), ...args.map(placed)],
    directory: '{data}',
    lists: { urls: { of: 'peers', each: 'http://{peer}' } },
    environment: {
      ...{ PORT: '{port}', HOST: '{host}', NODE_ID: '{node}', PEERS: '{list.urls}' },
      ...urls,
      ...Object.fromEntries(Object.entries(environment).map(([name, text]) => [name, placed(text)])),
    },
    client: client === undefined ? { kind: 'http', routes } : { kind: 'module', file: client },
    promises: 'linearizable',
  }
}
