import { levels } from '@chaosproxy/checker'
import * as v from 'valibot'
import { clientSchema } from '../client-kinds/registry.ts'
import { commandSchema as command } from '../command/words.ts'
import { remoteProxiesSchema } from '../remote/declaration.ts'
import type {
  ClusterDeclaration,
  ContainersDeclaration,
  RunningDeclaration,
  StartedDeclaration,
} from './declaration.ts'

const text = (what: string) => v.pipe(v.string(what), v.nonEmpty(what))
const name = v.pipe(
  v.string('must be a name'),
  v.regex(/^[A-Za-z][\w-]*$/, 'must be a name of letters, digits, - and _'),
)
const fileName = v.pipe(
  v.string('must be a name'),
  v.regex(/^[A-Za-z][\w.-]*$/, 'must be a name that a directory can have'),
)
const commands = v.array(command, 'must be a list of commands')
const durationMs = v.pipe(
  v.number('must be a number of milliseconds'),
  v.minValue(1, 'must be 1 ms or more'),
  v.maxValue(3_600_000, 'must be an hour or less'),
)
const pattern = v.pipe(text('must be a regular expression'), v.check(isPattern, 'must be a regular expression'))
const path = v.pipe(v.string('must be a path'), v.startsWith('/', 'must begin with /'))

const readyByTcp = v.strictObject({ by: v.literal('tcp'), port: v.optional(name) })
const readyByHttp = v.strictObject({
  by: v.literal('http'),
  port: v.optional(name),
  path,
  status: v.optional(v.pipe(v.number('must be a status'), v.integer(), v.minValue(100), v.maxValue(599))),
})
const readyByLog = v.strictObject({ by: v.literal('log'), pattern })
const readyByCommand = v.strictObject({ by: v.literal('command'), command })
const ready = v.variant('by', [readyByTcp, readyByHttp, readyByLog, readyByCommand], byOneOf('tcp, http, log, command'))
const readyOfRunning = v.variant('by', [readyByTcp, readyByHttp, readyByCommand], byOneOf('tcp, http, command'))

const everyMs = v.optional(v.pipe(durationMs, v.minValue(10, 'must be 10 ms or more')))
const answers = { leads: pattern, term: v.optional(pattern), applied: v.optional(pattern), everyMs }
const role = v.variant(
  'by',
  [
    v.strictObject({ by: v.literal('http'), port: v.optional(name), path, ...answers }),
    v.strictObject({ by: v.literal('command'), command, ...answers }),
  ],
  byOneOf('http, command'),
)

const values = v.record(name, v.union([v.string(), v.number()], 'must be a string or a number'))
const setting = v.union([v.string(), v.number(), v.boolean()], 'must be a string, a number, true or false')

const common = {
  name: v.optional(fileName),
  summary: v.optional(v.string('must be a string')),
  client: clientSchema,
  role: v.optional(role),
  promises: v.optional(v.picklist(levels, `must be one of ${levels.join(', ')}`)),
  before: v.optional(commands),
}

const nodeParts = {
  command: v.optional(command),
  environment: v.optional(v.record(v.string(), v.string('must be a string'), 'must be an object of strings')),
  directory: v.optional(text('must be a directory')),
  user: v.optional(text('must be the name of a user')),
  files: v.optional(
    v.record(v.string(), v.union([v.string(), v.array(v.string())], 'must be a string, or a list of lines')),
  ),
  prepare: v.optional(commands),
  after: v.optional(commands),
  ready: v.optional(ready),
  values: v.optional(values),
}

const faultCommands = v.strictObject({ do: command, undo: command, withinMs: v.optional(durationMs) })
const failover = v.optional(
  v.strictObject({ do: command, undo: v.optional(command), withinMs: v.optional(durationMs) }),
)

const someNodes = v.pipe(
  v.number('must be a number of nodes, or a list of them'),
  v.integer('must be a whole number'),
  v.minValue(1, 'must be 1 or more'),
  v.maxValue(15, 'must be 15 or fewer'),
)

const started = v.strictObject({
  ...common,
  faults: v.optional(v.strictObject({ failover })),
  ...nodeParts,
  nodes: v.union(
    [someNodes, v.pipe(v.array(v.strictObject(nodeParts)), v.nonEmpty(), v.maxLength(15))],
    'must be a number of nodes from 1 to 15, or a list of objects: {"command": …}, or {"addresses": {"client": "10.0.0.1:6379"}} of a server that runs already',
  ),
  ports: v.optional(
    v.pipe(
      v.array(
        v.union(
          [name, v.strictObject({ name, carries: v.optional(v.unknown()), announced: v.optional(v.boolean()) })],
          'must be a name, or an object such as {"name":"peer","carries":"json-lines"}',
        ),
        'must be a list of names',
      ),
      v.nonEmpty('must name one port or more'),
    ),
  ),
  ownAddresses: v.optional(v.boolean('must be true or false')),
  ownSources: v.optional(v.boolean('must be true or false')),
  lists: v.optional(
    v.record(
      name,
      v.strictObject({
        of: v.picklist(['nodes', 'peers'], 'must be nodes or peers'),
        each: v.string('must be a string'),
        between: v.optional(v.string('must be a string')),
      }),
    ),
  ),
  settings: v.optional(
    v.record(
      name,
      v.strictObject({
        default: setting,
        values: v.optional(v.array(setting)),
        summary: v.optional(v.string('must be a string')),
      }),
    ),
  ),
  start: v.optional(v.picklist(['together', 'in-order'], 'must be together or in-order')),
  data: v.optional(v.picklist(['kept', 'wiped'], 'must be kept or wiped')),
  readyWithinMs: v.optional(durationMs),
})

const address = v.pipe(
  v.string('must be an address'),
  v.regex(/^(\[[\da-f:.]+\]|[^\s:[\]]+):\d{1,5}$/i, 'must be an address such as 127.0.0.1:7001'),
)

const running = v.strictObject({
  ...common,
  nodes: v.pipe(
    v.array(v.strictObject({ addresses: v.record(name, address), values: v.optional(values) })),
    v.nonEmpty('must name one node or more'),
    v.maxLength(15, 'must be 15 nodes or fewer'),
  ),
  links: v.optional(
    v.array(
      v.strictObject({ from: name, to: name, listen: address, reach: address, carries: v.optional(v.unknown()) }),
      'must be a list of links',
    ),
  ),
  proxies: v.optional(v.array(remoteProxiesSchema, 'must be a list of hosts, each with its "control" and "proxies"')),
  apart: v.optional(v.array(v.strictTuple([name, name], 'must be a pair of nodes'), 'must be a list of pairs')),
  faults: v.optional(v.strictObject({ kill: v.optional(faultCommands), pause: v.optional(faultCommands), failover })),
  ready: v.optional(readyOfRunning),
  readyWithinMs: v.optional(durationMs),
})

const portNumber = v.pipe(
  v.number('must be a port'),
  v.integer(),
  v.minValue(1, 'must be a port'),
  v.maxValue(65535, 'must be a port'),
)

const containers = v.pipe(
  v.strictObject({
    ...common,
    compose: v.optional(
      v.union(
        [text('must be a file'), v.strictObject({ project: text('must be the name of a project') })],
        'must be the path of a Compose file, or {"project": "shop"}',
      ),
    ),
    containers: v.optional(
      v.pipe(
        v.array(text('must be the name of a container, or a label: app=shop')),
        v.nonEmpty('must name one container or more'),
      ),
    ),
    nodes: v.optional(
      v.pipe(
        v.array(text('must be the name of a service'), 'must be a list of services'),
        v.nonEmpty('must name one service or more'),
      ),
    ),
    port: v.optional(portNumber),
    through: v.optional(
      v.strictObject(
        { service: text('must be the name of a service'), port: v.optional(portNumber) },
        'must be an object: {"service": "nginx", "port": 80}',
      ),
    ),
    disk: v.optional(
      v.strictObject(
        {
          path: v.pipe(text('must be a directory of the container'), v.startsWith('/', 'must begin with /')),
          megabytes: v.optional(v.pipe(v.number('must be a number'), v.integer(), v.minValue(1), v.maxValue(1024))),
        },
        'must be an object: {"path": "/data", "megabytes": 64}',
      ),
    ),
    clocks: v.optional(v.boolean('must be true or false')),
    ready: v.optional(readyOfRunning),
    readyWithinMs: v.optional(durationMs),
  }),
  v.check(
    ({ compose, disk }) => disk === undefined || typeof compose === 'string',
    '"disk" needs "compose" to be a file: only what chaos starts can have a disk of its own',
  ),
  v.check(
    ({ compose, clocks }) => clocks !== true || typeof compose === 'string',
    '"clocks" needs "compose" to be a file: only what chaos starts can have a clock of its own',
  ),
  v.check(
    ({ compose, containers: names }) => (compose === undefined) !== (names === undefined),
    'has "compose" or "containers", not both',
  ),
  v.check(
    ({ compose, nodes }) => compose === undefined || nodes !== undefined,
    'needs "nodes": the services of the project that are nodes',
  ),
)

export const startedSchema: v.GenericSchema<unknown, StartedDeclaration> = started
export const runningSchema: v.GenericSchema<unknown, RunningDeclaration> = running
export const containersSchema: v.GenericSchema<unknown, ContainersDeclaration> = containers
export const declarationSchema: v.GenericSchema<unknown, ClusterDeclaration> = v.union([started, running, containers])

function isPattern(source: string): boolean {
  try {
    new RegExp(source)
    return true
  } catch {
    return false
  }
}

function byOneOf(known: string): string {
  return `must be an object whose "by" is one of ${known}`
}
