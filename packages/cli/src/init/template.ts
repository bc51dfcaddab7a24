import { PACKAGE_NAME } from '@chaosproxy/targets/user-file'

/** The choices for a new configuration. */
export interface Start {
  /** What to test: a built-in target, a command that starts a node of the user's own, or the example service. */
  readonly target: { readonly name: string } | { readonly command: string } | { readonly example: true }
  readonly nodes: number
  /** Where a service of the user's own keeps its objects; by default as the example does. */
  readonly place?: ServedPlace | undefined
}

/** The path of an object, with {key} in it, and where its value is in bodies: `json.item`. */
export interface ServedPlace {
  readonly path: string
  readonly value: string
}

export const USUAL_PLACE: ServedPlace = { path: '/items/{key}', value: 'json.item' }

/** A commented configuration that runs unchanged and explains what can be changed. */
export function configText({ target, nodes, place = USUAL_PLACE }: Start): string {
  const own = !('name' in target)
  const name = own ? 'service' : target.name
  return `import { defineConfig } from '${PACKAGE_NAME}'

// npx chaos run            has the run described here
// npx chaos run nightly    has the one called nightly
// Options override what is said here: npx chaos run --time 5s --seed 7
export default defineConfig({
  // What to test: a name that npx chaos targets lists, or one of your own targets below.
  target: '${name}',
  nodes: ${nodes},
  timeMs: 10_000,
  rate: 500,
  // What goes wrong: npx chaos targets --faults lists it.
  faults: [${own ? `'kill', 'pause'` : `'partition', 'kill', 'pause'`}],
  // The level to hold it to. Without it, what the target promises; 'none' only looks.
  ${own ? '' : '// '}expect: 'linearizable',
${own ? ownTarget('command' in target ? target.command : EXAMPLE_COMMAND, nodes, { place, example: 'example' in target }) : COMMENTED_TARGET}
  runs: {
    smoke: { timeMs: 3_000 },
    nightly: { timeMs: 300_000 },
  },
})
`
}

/** The command that starts the example service. */
const EXAMPLE_COMMAND = 'node service.mjs {listen} {peer.n1} {data} {set.reads}'

const EXAMPLE_SETTINGS = `      // npx chaos run --set reads=local lets every node answer reads by what it has.
      settings: { reads: { summary: 'who answers a read', values: ['primary', 'local'], default: 'primary' } },
`

interface OwnTarget {
  readonly place: ServedPlace
  readonly example: boolean
}

const ownTarget = (command: string, nodes: number, { place: { path, value }, example }: OwnTarget): string => `
  targets: {
    service: {
      nodes: ${nodes},
      // {listen} is the HOST:PORT to serve clients on, {port} its port alone, {node} the node's name, {data} a directory
      // of its own, {peer.n2} where to reach another node: an address of the proxy.
      command: ${JSON.stringify(command)},
${example ? EXAMPLE_SETTINGS : ''}      // Which requests read and write, and where key and value are in them: json.item is the member "item" of a JSON body,
      // body all of it, query.id and header.X-Id are what they say. A 404 means that there is no value. A route of one
      // fixed object says { request: 'GET /counter', key: { const: 'counter' }, … }, for --workload-set keys=1.
      client: {
        kind: 'http',
        routes: {
          routes: [
            { request: 'GET ${path}', f: 'read', result: '${value}', outcomes: { 404: 'absent' } },
            { request: 'PUT ${path}', f: 'write', value: '${value}' },
          ],
        },
      },
    },
  },
`

const COMMENTED_TARGET = ownTarget('node server.js --listen {listen} --data {data}', 3, {
  place: USUAL_PLACE,
  example: false,
})
  .split('\n')
  .map((line) => (line === '' ? line : line.replace(/^ {2}/, '  // ')))
  .join('\n')
