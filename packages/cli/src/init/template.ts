import { PACKAGE_NAME } from '@chaosproxy/targets/user-file'
import type { WriteMethod } from './found.ts'

export interface Start {
  /** What to test: a built-in target, a service that chaos starts, a service that already runs, or the example. */
  readonly target: { readonly name: string } | OwnStart | { readonly address: string } | { readonly example: true }
  readonly nodes: number
  readonly place?: ServedPlace | undefined
  /** Why the routes may be wrong, as a sentence. */
  readonly doubt?: string | undefined
}

export interface OwnStart {
  readonly command: string
  readonly environment?: { readonly [name: string]: string } | undefined
}

/** The routes of an object. The path contains {key}. The places of the value look like `json.item`. */
export interface ServedPlace {
  readonly path: string
  readonly write: WriteMethod
  readonly value: string
  readonly result: string
  /** The names of objects, if the path accepts only some. */
  readonly keys?: string | undefined
  /** Members to add to the routes of reads (`reads`) and of writes (`writes`). */
  readonly reads?: Members | undefined
  readonly writes?: Members | undefined
}

interface Members {
  readonly [member: string]: unknown
}

export const USUAL_PLACE: ServedPlace = {
  path: '/items/{key}',
  write: 'PUT',
  value: 'json.item',
  result: 'json.item',
}

/** Returns a commented configuration that runs unchanged. */
export function configText({ target, nodes, place = USUAL_PLACE, doubt }: Start): string {
  const own = !('name' in target)
  const name = own ? 'service' : target.name
  return `import { defineConfig } from '${PACKAGE_NAME}'

// npx chaos run            starts the run described here
// npx chaos run nightly    starts the run named nightly
// Options override these values: npx chaos run --time 5s --seed 7
export default defineConfig({
  // The target: a name that npx chaos targets lists, or one of your own targets below.
  target: '${name}',
  nodes: ${nodes},
  timeMs: 10_000,
  rate: 500,
  // The faults to inject: npx chaos targets --faults lists them.
  faults: [${faultsFor(target)}],
  // The level to judge by. Without it, the level that the target promises; with 'none', no level is expected.
  ${own ? '' : '// '}expect: 'linearizable',
${own ? ownTarget(startText(target, nodes), { place, keys: keysOf(target, place), doubt }) : COMMENTED_TARGET}
  runs: {
    smoke: { timeMs: 5_000 },
    nightly: { timeMs: 300_000 },
  },
})
`
}

/** The faults for a target. A service that already runs must not be killed. */
const faultsFor = (target: Start['target']): string =>
  'name' in target
    ? `'partition', 'kill', 'pause'`
    : 'address' in target
      ? `'lose-reply', 'delay-clients'`
      : `'kill', 'pause'`

/** Reports whether each run needs its own keys, because values of an earlier run may still exist. */
const needsOwnKeys = (target: Start['target']): boolean =>
  'address' in target ||
  ('command' in target &&
    ![target.command, ...Object.values(target.environment ?? {})].some((text) => text.includes('{data}')))

const START = `      // {listen} is the HOST:PORT to serve clients on, {port} only its port, {node} the node's name, {data} a directory
      // for this node, and {peer.n2} the address of the proxy in front of the node n2.
`

function startText(target: Exclude<Start['target'], { readonly name: string }>, nodes: number): string {
  if ('address' in target)
    return `      // It runs already: chaos starts and kills nothing, and injects faults between clients and it.
      nodes: [{ addresses: { client: '${target.address}' } }],
`
  const { command, environment = {} } = 'command' in target ? target : { command: EXAMPLE_COMMAND }
  const variables = Object.entries(environment).map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
  return `      nodes: ${nodes},
${START}      command: ${JSON.stringify(command)},
${variables.length === 0 ? '' : `      environment: { ${variables.join(', ')} },\n`}${'example' in target ? EXAMPLE_SETTINGS : ''}`
}

const EXAMPLE_COMMAND = 'node service.mjs {listen} {peer.n1} {data} {set.reads}'

const EXAMPLE_SETTINGS = `      // npx chaos run --set reads=local lets every node answer reads by what it has.
      settings: { reads: { summary: 'who answers a read', values: ['primary', 'local'], default: 'primary' } },
`

const OWN_KEYS = '{key}-{run}'
/** The names of objects, with a comment on their form. */
const keysText = (
  keys: string,
): string => `        // ${keys === OWN_KEYS ? 'Each run has keys of its own, since what an earlier one wrote may still be there.' : 'The service takes no other names.'}
        keys: '${keys}',
`

const routesOf = ({ path, write, value, result, reads, writes }: ServedPlace): readonly Members[] => [
  { request: `GET ${path}`, f: 'read', result, ...reads, outcomes: { 404: 'absent', ...outcomesIn(reads) } },
  { request: `${write} ${path}`, f: 'write', value, ...writes },
]

const outcomesIn = (members: Members = {}): object => Object(members['outcomes'])

/** Large numbers, which a developer's data is unlikely to contain, because databases count from 1. */
const LARGE_NUMBERS = '9000000{number}'

function keysOf(target: Start['target'], { keys }: ServedPlace): string | undefined {
  if (!needsOwnKeys(target)) return keys
  return keys === '{number}' ? LARGE_NUMBERS : (keys ?? OWN_KEYS)
}

export function declarationOf(start: OwnStart, place: ServedPlace): object {
  const { command, environment = {} } = start
  const keys = keysOf(start, place)
  return {
    ...{ nodes: 1, command, environment },
    client: { kind: 'http', ...(keys === undefined ? {} : { keys }), routes: { routes: routesOf(place) } },
  }
}

const inline = (value: unknown): string =>
  typeof value === 'object' && value !== null
    ? `{ ${Object.entries(value)
        .map(([name, each]) => `${name}: ${inline(each)}`)
        .join(', ')} }`
    : `'${value}'`

interface OwnTarget {
  readonly place: ServedPlace
  readonly keys?: string | undefined
  readonly doubt?: string | undefined
}

const ownTarget = (start: string, { place, keys, doubt }: OwnTarget): string => `
  targets: {
    service: {
${start}      // Which requests read and write, and where they contain key and value: json.item is the member "item" of a JSON
      // body, body the whole body, query.id a query parameter, header.X-Id a header field. A 404 means that there is no
      // value. For one fixed object: { request: 'GET /counter', key: { const: 'counter' }, … }, --workload-set keys=1.
${doubt === undefined ? '' : `      // ${doubt}\n`}      client: {
        kind: 'http',
${keys === undefined ? '' : keysText(keys)}        routes: {
          routes: [
${routesOf(place)
  .map((route) => `            ${inline(route)},\n`)
  .join('')}          ],
        },
      },
    },
  },
`

const COMMENTED_TARGET = ownTarget(startText({ command: 'node server.js --listen {listen} --data {data}' }, 3), {
  place: USUAL_PLACE,
})
  .split('\n')
  .map((line) => (line === '' ? line : line.replace(/^ {2}/, '  // ')))
  .join('\n')
