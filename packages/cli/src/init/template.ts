import { PACKAGE_NAME } from '@chaosproxy/targets/user-file'

/** The choices for a new configuration. */
export interface Start {
  /** What to test: a built-in target, a command that starts a node of the user's own, or the example service. */
  readonly target: { readonly name: string } | { readonly command: string } | { readonly example: true }
  readonly nodes: number
}

/** A commented configuration that runs unchanged and explains what can be changed. */
export function configText({ target, nodes }: Start): string {
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
${own ? ownTarget('command' in target ? target.command : EXAMPLE_COMMAND, nodes, 'example' in target) : COMMENTED_TARGET}
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

const ownTarget = (command: string, nodes: number, example = false): string => `
  targets: {
    service: {
      nodes: ${nodes},
      // {listen} is the HOST:PORT to serve clients on, {port} its port alone, {node} the node's name, {data} a directory
      // of its own, {peer.n2} where to reach another node: an address of the proxy.
      command: ${JSON.stringify(command)},
${example ? EXAMPLE_SETTINGS : ''}      // Which requests read and write, and where key and value are in them. A 404 means that there is no value.
      client: {
        kind: 'http',
        routes: {
          routes: [
            { request: 'GET /items/{key}', f: 'read', result: 'json.item', outcomes: { 404: 'absent' } },
            { request: 'PUT /items/{key}', f: 'write', value: 'json.item' },
          ],
        },
      },
    },
  },
`

const COMMENTED_TARGET = ownTarget('node server.js --listen {listen} --data {data}', 3)
  .split('\n')
  .map((line) => (line === '' ? line : line.replace(/^ {2}/, '  // ')))
  .join('\n')
