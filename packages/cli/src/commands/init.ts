import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { CONFIG_NAMES, EXIT, writeWholeFile } from '@chaosproxy/engine/run'
import { UserError } from '@chaosproxy/history'
import { whyUnwritable } from '@chaosproxy/history/files'
import { DEFAULT_TARGET, runMembers } from '@chaosproxy/runner'
import { SIMULATED } from '@chaosproxy/simulator/target'
import { targetNames, targetOf } from '@chaosproxy/targets/named'
import { asCount, flag, inGroup, word, wordOrNone, words } from '../arguments/declare.ts'
import { oneOf } from '../arguments/names.ts'
import { type Command, flagOf, type ParsedOptions, textOf, textsOf } from '../command.ts'
import { initCompose } from '../init/compose.ts'
import { EXAMPLE_FILE, EXAMPLE_SERVICE } from '../init/example.ts'
import { EXAMPLE_PROTOCOL, PROTOCOL_FILE } from '../init/protocol.ts'
import { SIMULATED_EXAMPLE, SIMULATED_FILES } from '../init/simulated.ts'
import { configText, type ServedPlace, type Start, USUAL_PLACE } from '../init/template.ts'
import { print } from '../terminal/output.ts'

const FILE = 'chaos.config.ts'

const declared = {
  ...inGroup('What is tested', [], {
    target: word('what to test; chaos targets lists them', DEFAULT_TARGET),
    command: word(
      'test a service of your own: the command that starts a node, with {listen} for the address clients use',
    ),
    path: word('with --command: the path of an object, which is read by GET and written by PUT', USUAL_PLACE.path),
    value: word('with --command: where a response has the value, such as json.data.text or body', USUAL_PLACE.value),
    example: flag('write a small example service and test it, to see how a service of your own is declared'),
    compose: wordOrNone(
      'write a declaration of a running Compose project, by file or name [default: the Compose file here]',
    ),
    service: words('with --compose: a service that is a node; repeat it for several', 'the likeliest are proposed'),
    nodes: asCount(runMembers.nodes, { usual: 'the target decides' }),
  }),
  ...inGroup('What is written', [], { force: flag('overwrite an existing file') }),
}

export const initCommand: Command = {
  name: 'init',
  positional: '[what]',
  summary: 'create a chaos.config.ts, or a protocol of your own with chaos init protocol',
  options: declared,
  examples: [
    ['chaos init', 'asks on a terminal what to test'],
    ['chaos init protocol', 'a protocol of your own to start from, for chaos fuzz --protocol'],
    ['chaos init --example simulate', 'a Node program with a race, for chaos simulate'],
    ["chaos init --command 'node server.js --port {port}' --nodes 3", 'for a service of your own'],
    [
      "chaos init --command 'python3 kv.py {port}' --path /v1/documents/{key} --value json.text",
      'for a service with other paths',
    ],
    ['chaos init --compose docker-compose.yml', 'for the containers of a Compose project'],
  ],
  async run(options) {
    const what = textOf(options, 'what')
    if (what === 'simulate' && flagOf(options, 'example')) return initSimulated(options)
    if (what !== undefined && what !== 'protocol')
      throw new UserError(
        'usage',
        `chaos init ${what}: use chaos init, for a configuration, chaos init protocol, or chaos init --example simulate.`,
      )
    if (what === 'protocol') return initProtocol(options)
    const compose = textOf(options, 'compose')
    const services = textsOf(options, 'service')
    if (compose !== undefined) {
      if (isSaid(options) || flagOf(options, 'example'))
        throw new UserError(
          'usage',
          '--compose takes --service and --force: the other options are for a configuration.',
        )
      const asks = process.stdin.isTTY === true && process.stdout.isTTY === true
      await initCompose({ wanted: compose, services, force: flagOf(options, 'force'), asks })
      return EXIT.met
    }
    if (services.length > 0) throw new UserError('usage', '--service needs a Compose project: give --compose, too.')
    const there = CONFIG_NAMES.find((name) => existsSync(name))
    if (there !== undefined && !(flagOf(options, 'force') && there === FILE))
      throw new UserError(
        'usage',
        `${there} already exists. ${there === FILE ? '--force replaces it.' : 'Remove it first.'}`,
      )
    const example = flagOf(options, 'example')
    if (example && isSaid(options))
      throw new UserError(
        'usage',
        '--example has its own service of three nodes: leave --target, --command and --nodes out.',
      )
    if (example && existsSync(EXAMPLE_FILE))
      throw new UserError(
        'usage',
        `${EXAMPLE_FILE} is here already: --example would replace it. Use another directory.`,
      )
    const place = placeOf(options)
    const asks = !example && process.stdin.isTTY === true && process.stdout.isTTY === true && !isSaid(options)
    const start = example
      ? { target: { example }, nodes: 3 }
      : asks
        ? await askedFor()
        : { ...(await startOf(textOf(options, 'target'), textOf(options, 'command'), textOf(options, 'nodes'))), place }
    try {
      writeWholeFile(FILE, configText(start))
      if (example) writeWholeFile(EXAMPLE_FILE, EXAMPLE_SERVICE)
    } catch (error) {
      throw new UserError('environment', `${FILE}: ${whyUnwritable(error)}`)
    }
    const edit =
      'command' in start.target ? 'Say in it which requests read and write (client.routes), then try it' : 'Try it'
    print(process.stdout, `Wrote ${FILE}${example ? ` and ${EXAMPLE_FILE}` : ''}. ${edit}: npx chaos run smoke\n`)
    return EXIT.met
  },
}

/** @throws UserError (usage) for a file that is there, or options that are for something else. */
function initSimulated(options: ParsedOptions): typeof EXIT.met {
  if (isSaid(options) || flagOf(options, 'force'))
    throw new UserError('usage', 'chaos init --example simulate takes no other option.')
  const there = [...SIMULATED_FILES.map(([name]) => name), ...CONFIG_NAMES].find((name) => existsSync(name))
  if (there !== undefined) throw new UserError('usage', `${there} already exists. Use another directory.`)
  for (const [name, text] of SIMULATED_FILES) writeWholeFile(name, text)
  print(process.stdout, SIMULATED_EXAMPLE)
  return EXIT.met
}

/** @throws UserError (usage) for a file that is there, or options that are for a configuration. */
function initProtocol(options: ParsedOptions): typeof EXIT.met {
  if (isSaid(options) || flagOf(options, 'example'))
    throw new UserError('usage', 'chaos init protocol takes only --force: the other options are for a configuration.')
  if (existsSync(PROTOCOL_FILE) && !flagOf(options, 'force'))
    throw new UserError('usage', `${PROTOCOL_FILE} already exists. --force replaces it.`)
  try {
    writeWholeFile(PROTOCOL_FILE, EXAMPLE_PROTOCOL)
  } catch (error) {
    throw new UserError('environment', `${PROTOCOL_FILE}: ${whyUnwritable(error)}`)
  }
  print(process.stdout, `Wrote ${PROTOCOL_FILE}. Search it: npx chaos fuzz --protocol ${PROTOCOL_FILE} --time 5s\n`)
  return EXIT.met
}

/** Quotes, and braces other than {key}, would break out of the generated text. */
const PATH = /^\/[^\s'"`{}\\]*\{key\}[^\s'"`{}\\]*$/
const VALUE = /^(body|(json|query|header|form)\.[\w.-]+)$/

/** @throws UserError (usage) */
function placeOf(options: ParsedOptions): ServedPlace | undefined {
  const path = textOf(options, 'path')
  const value = textOf(options, 'value')
  if (path === undefined && value === undefined) return undefined
  if (textOf(options, 'command') === undefined)
    throw new UserError('usage', '--path and --value need a service of your own: give --command, too.')
  if (path !== undefined && !PATH.test(path))
    throw new UserError('usage', `--path ${path}: write the path of an object with {key} in it: ${USUAL_PLACE.path}.`)
  if (value !== undefined && !VALUE.test(value))
    throw new UserError('usage', `--value ${value}: write body, or a path into it, such as ${USUAL_PLACE.value}.`)
  return { path: path ?? USUAL_PLACE.path, value: value ?? USUAL_PLACE.value }
}

const isSaid = (options: ParsedOptions): boolean =>
  ['target', 'command', 'nodes'].some((name) => textOf(options, name) !== undefined)

async function startOf(
  target: string | undefined,
  command: string | undefined,
  nodes: string | undefined,
): Promise<Start> {
  if (target !== undefined && command !== undefined)
    throw new UserError('usage', '--target and --command both say what to test: give one of them.')
  const count = declared.nodes.valueIn({ nodes }, 'nodes')
  if (command !== undefined) return { target: { command }, nodes: count ?? 3 }
  const name = oneOf('target', 'target', target ?? DEFAULT_TARGET, targetNames)
  return { target: { name }, nodes: count ?? (await targetOf(name)).defaultNodes }
}

async function askedFor(): Promise<Start> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  try {
    const names = targetNames.filter((name) => !name.startsWith(SIMULATED))
    const own = await terminal.question(
      'The command that starts a node of your service (empty: a system that comes along): ',
    )
    const target = own === '' ? await terminal.question(`Which one (${names.join(', ')}) [raft]: `) : ''
    const nodes = await terminal.question('How many nodes (empty: as many as usual): ')
    return await startOf(target || undefined, own || undefined, nodes || undefined)
  } finally {
    terminal.close()
  }
}
