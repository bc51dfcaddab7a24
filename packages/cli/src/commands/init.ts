import { existsSync } from 'node:fs'
import { CONFIG_NAMES, EXIT, type ExitCode, writeWholeFile } from '@chaosproxy/engine/run'
import { usageError } from '@chaosproxy/history'
import { DEFAULT_TARGET, runMembers } from '@chaosproxy/runner'
import { targetNames, targetOf } from '@chaosproxy/targets/named'
import { asCount, flag, inGroup, unlessNot, word, wordOrNone, words } from '../arguments/declare.ts'
import { oneOf } from '../arguments/names.ts'
import { type Command, flagOf, type ParsedOptions, textOf, textsOf } from '../command.ts'
import { initCompose } from '../init/compose.ts'
import { EXAMPLE_FILE, EXAMPLE_SERVICE } from '../init/example.ts'
import { chooseForFolder, type FolderChoice, type Next } from '../init/folder.ts'
import { canPrompt, type Prompt, promptOnTerminal } from '../init/prompt.ts'
import type { TypedPlace } from '../init/proposal.ts'
import { EXAMPLE_PROTOCOL, PROTOCOL_FILE } from '../init/protocol.ts'
import { SIMULATED_EXAMPLE, SIMULATED_FILES } from '../init/simulated.ts'
import { surveyFolder } from '../init/survey.ts'
import { configText, type OwnStart, type ServedPlace, type Start, USUAL_PLACE } from '../init/template.ts'
import { listenForInterrupts } from '../run/interrupts.ts'
import { fitted } from '../terminal/fitted.ts'
import { print } from '../terminal/output.ts'
import { writeNamed } from '../terminal/overwriting.ts'

const FILE = 'chaos.config.ts'

const declared = {
  ...inGroup('What is tested', [], {
    target: word(`the target to test; chaos targets lists all targets [default: the service in this folder]`),
    command: word(
      'test your own service; the value is the command that starts a node; {listen} in it is the address that clients use',
    ),
    path: word('the path of an object in your service; GET reads it, and PUT writes it', USUAL_PLACE.path),
    value: word('where the value is in a response of your service, such as json.data.text or body', USUAL_PLACE.value),
    example: flag('write a small example service, and a configuration that tests it'),
    compose: wordOrNone(
      'write a declaration of a running Compose project, given by file or name [default: the Compose file here]',
    ),
    service: words(
      '(with --compose) a Compose service whose containers are nodes; may be repeated',
      'the services that look most like nodes',
    ),
    nodes: asCount(runMembers.nodes, { usual: 'the default of the target' }),
    try: unlessNot('start the service of this folder, write one value and read it back; --no-try starts nothing'),
  }),
  ...inGroup('What is written', [], { force: flag('overwrite an existing file') }),
}

export const command: Command = {
  name: 'init',
  positional: '[what]',
  positionals: { what: 'protocol: write a sample protocol to start from, instead of a configuration' },
  summary: 'find the service in this folder, and write a chaos.config.ts for it',
  options: declared,
  examples: [
    ['chaos init', 'looks at this folder, and proposes what to test'],
    ['chaos init protocol', 'a protocol of your own to start from, for chaos fuzz --protocol'],
    ['chaos init --example simulate', 'a Node program with a race, for chaos simulate'],
    ["chaos init --command 'node server.js --port {port}' --nodes 3", 'for a service of your own'],
    [
      "chaos init --command 'python3 kv.py {port}' --path /v1/documents/{key} --value json.text",
      'for a service with paths of its own',
    ],
    ['chaos init --compose docker-compose.yml', 'for the containers of a Compose project'],
  ],
  async run(options) {
    const what = textOf(options, 'what')
    if (what === 'simulate' && flagOf(options, 'example')) return initSimulated(options)
    if (what !== undefined && what !== 'protocol')
      throw usageError(
        `chaos init ${what}: there is no such argument. Use chaos init (for a configuration), chaos init protocol or chaos init --example simulate.`,
      )
    if (what === 'protocol') return initProtocol(options)
    const compose = textOf(options, 'compose')
    const services = textsOf(options, 'service')
    if (compose !== undefined) {
      if (isServiceTyped(options) || flagOf(options, 'example'))
        throw usageError(
          '--compose takes only --service and --force. The other options are for a configuration: leave them out.',
        )
      await initCompose({ wanted: compose, services, force: flagOf(options, 'force'), canPrompt: canPrompt() })
      return EXIT.met
    }
    if (services.length > 0) throw usageError('--service needs a Compose project: give --compose, too.')
    const there = CONFIG_NAMES.find((name) => existsSync(name))
    if (there !== undefined && !(flagOf(options, 'force') && there === FILE))
      throw usageError(`${there} already exists. ${there === FILE ? '--force replaces it.' : 'Remove it first.'}`)
    return flagOf(options, 'example') ? initExample(options) : initConfiguration(options)
  },
}

/** @throws UserError (usage) if an option does not apply to `--example`, or if a file already exists. */
function initExample(options: ParsedOptions): typeof EXIT.met {
  if (isServiceTyped(options))
    throw usageError('--example has its own service of three nodes: leave --target, --command and --nodes out.')
  if (existsSync(EXAMPLE_FILE))
    throw usageError(`${EXAMPLE_FILE} exists already, and --example would replace it. Use another directory.`)
  writeNamed(FILE, configText({ target: { example: true }, nodes: 3 }))
  writeNamed(EXAMPLE_FILE, EXAMPLE_SERVICE)
  print(`Wrote ${FILE} and ${EXAMPLE_FILE}. Try it: npx chaos run smoke\n`)
  return EXIT.met
}

/** Writes a configuration from the typed options, or else from the folder's content. */
async function initConfiguration(options: ParsedOptions): Promise<ExitCode> {
  const [target, command] = ['target', 'command'].map((name) => textOf(options, name))
  const nodes = declared.nodes.valueIn(options, 'nodes')
  const choice: FolderChoice | undefined =
    target === undefined && command === undefined
      ? await chosenForFolder(placeTyped(options, nodes), options['try'] !== false)
      : { write: 'configuration', start: await startOf(options, { target, command, nodes }), next: 'check' }
  if (choice === undefined) return EXIT.interrupted
  switch (choice.write) {
    case 'nothing':
      return EXIT.met
    case 'declaration':
      await initCompose({ wanted: choice.composeFile, services: [], force: false, canPrompt: true })
      return EXIT.met
    case 'configuration':
      writeNamed(FILE, configText(choice.start))
      print(`Wrote ${FILE}. ${command === undefined ? NEXT[choice.next] : ROUTES_NEXT}\n`)
      return EXIT.met
    default:
      return choice satisfies never
  }
}

const ROUTES_NEXT = 'Say in it which requests read and write (client.routes), then try it: npx chaos run smoke'
const NEXT: { readonly [next in Next]: string } = {
  run: 'Next: npx chaos run smoke',
  check: 'Next: npx chaos doctor, then npx chaos run smoke',
  port: 'Next: give the service its port as said above, then npx chaos run smoke',
  start: 'Next: make the service start as said above, then npx chaos doctor',
  routes: 'Next: correct client.routes in it as said above, then npx chaos doctor',
}

/** Chooses a configuration for the current folder. Undefined if the user interrupts the start of the service. */
async function chosenForFolder(typed: TypedPlace, tries: boolean): Promise<FolderChoice | undefined> {
  const input = {
    survey: surveyFolder(process.cwd()),
    typed,
    print: (text: string) => print(fitted(text)),
  }
  let isInterrupted = false
  const attempt = async (start: OwnStart, place: ServedPlace) => {
    const { attemptPlace } = await import('../init/attempt.ts')
    const interrupts = listenForInterrupts('Interrupted: ending the service. Nothing was written.')
    try {
      return await attemptPlace(start, place, interrupts.signal)
    } finally {
      isInterrupted = interrupts.signal.aborted
      interrupts.release()
    }
  }
  const choose = (prompt: Prompt | undefined) =>
    chooseForFolder({ ...input, prompt, attempt: tries ? attempt : undefined })
  try {
    return await (canPrompt() ? promptOnTerminal(choose) : choose(undefined))
  } catch (error) {
    if (isInterrupted) return undefined
    throw error
  }
}

/** @throws UserError (usage) if an option other than `--example` is given, or if a file already exists. */
function initSimulated(options: ParsedOptions): typeof EXIT.met {
  if (isServiceTyped(options) || flagOf(options, 'force'))
    throw usageError('chaos init --example simulate takes no other option. Leave the others out.')
  const there = [...SIMULATED_FILES.map(([name]) => name), ...CONFIG_NAMES].find((name) => existsSync(name))
  if (there !== undefined) throw usageError(`${there} already exists. Use another directory.`)
  for (const [name, text] of SIMULATED_FILES) writeWholeFile(name, text)
  print(SIMULATED_EXAMPLE)
  return EXIT.met
}

/** @throws UserError (usage) if the file already exists, or if an option applies only to a configuration. */
function initProtocol(options: ParsedOptions): typeof EXIT.met {
  if (isServiceTyped(options) || flagOf(options, 'example'))
    throw usageError(
      'chaos init protocol takes only --force. The other options are for a configuration: leave them out.',
    )
  if (existsSync(PROTOCOL_FILE) && !flagOf(options, 'force'))
    throw usageError(`${PROTOCOL_FILE} already exists. --force replaces it.`)
  writeNamed(PROTOCOL_FILE, EXAMPLE_PROTOCOL)
  print(`Wrote ${PROTOCOL_FILE}. Search it: npx chaos fuzz --protocol ${PROTOCOL_FILE} --time 5s\n`)
  return EXIT.met
}

/** Quotes, and braces other than `{key}`, would break the generated text. */
const PATH = /^\/[^\s'"`{}\\]*\{key\}[^\s'"`{}\\]*$/
const VALUE = /^(body|(json|query|header|form)\.[\w.-]+)$/

/** @throws UserError (usage) */
function placeTyped(options: ParsedOptions, nodes: number | undefined): TypedPlace {
  const [path, value] = ['path', 'value'].map((name) => textOf(options, name))
  if (path !== undefined && !PATH.test(path))
    throw usageError(
      `--path ${path}: give the path of an object in your service, with {key} in it, such as ${USUAL_PLACE.path}.`,
    )
  if (value !== undefined && !VALUE.test(value))
    throw usageError(`--value ${value}: write body, or a path into the body, such as ${USUAL_PLACE.value}.`)
  return { path, value, nodes }
}

const isServiceTyped = (options: ParsedOptions): boolean =>
  ['target', 'command', 'nodes'].some((name) => textOf(options, name) !== undefined)

interface TypedService {
  readonly target: string | undefined
  readonly command: string | undefined
  readonly nodes: number | undefined
}

/** @throws UserError (usage) */
async function startOf(options: ParsedOptions, { target, command, nodes }: TypedService): Promise<Start> {
  if (target !== undefined && command !== undefined)
    throw usageError('--target and --command both choose what to test: give one of them.')
  const { path = USUAL_PLACE.path, value = USUAL_PLACE.value } = placeTyped(options, nodes)
  if (command !== undefined)
    return { target: { command }, nodes: nodes ?? 3, place: { ...USUAL_PLACE, path, value, result: value } }
  if (['path', 'value'].some((name) => textOf(options, name) !== undefined))
    throw usageError('--path and --value need a service of your own: give --command, too.')
  return targetStart(target ?? DEFAULT_TARGET, nodes)
}

async function targetStart(target: string, nodes: number | undefined): Promise<Start> {
  const name = oneOf('target', 'target', target, targetNames)
  return { target: { name }, nodes: nodes ?? (await targetOf(name)).defaultNodes }
}
