import { type NodeId, nodeNames } from '@chaosproxy/faults'
import { didYouMean, inputError, UserError } from '@chaosproxy/history'
import type { WeaknessQuestion } from '@chaosproxy/runner'
import { type Framing, parseFraming } from '@chaosproxy/wire'
import { choice, type Setting } from '@chaosproxy/workloads'
import type { NodeReadiness } from '../command/readiness.ts'
import { type CommandText, wordsOf } from '../command/words.ts'
import type { ProgramCommand } from '../processes/command.ts'
import { type CommandFault, planFault } from './command-fault.ts'
import type { NodesDeclaration, PortDeclaration, ReadyDeclaration } from './declaration.ts'

interface Port {
  readonly name: string
  readonly framing: Framing | undefined
  readonly announced: boolean
}

interface NodePlan {
  readonly command: ProgramCommand
  readonly prepare: readonly ProgramCommand[]
  readonly after: readonly ProgramCommand[]
  readonly files: { readonly [path: string]: string }
  readonly readiness: NodeReadiness<string>
  readonly values: { readonly [name: string]: string | number }
}

/** A declaration, validated as far as possible without starting anything. */
export interface ClusterPlan {
  readonly ports: readonly [Port, ...Port[]]
  readonly peerPorts: readonly Port[]
  readonly settings: readonly Setting[]
  readonly failover: CommandFault | undefined
  node(id: NodeId): NodePlan
}

export const dataSetting: Setting = choice(
  'data',
  ['kept', 'wiped'],
  'what data a node has when it restarts after a kill',
)

/** Describes the weakness that `data=wiped` causes if nodes are killed. */
export const wipedWeakness = ({
  settings,
  faults,
}: Pick<WeaknessQuestion, 'settings' | 'faults'>): string | undefined =>
  settings[dataSetting.name] === 'wiped' && faults.includes('kill') ? 'a node that is killed loses its data' : undefined

/** @throws UserError (input) for members that contradict each other. */
export function planCluster(declaration: NodesDeclaration, where: string): ClusterPlan {
  const ports = portsOf(declaration.ports ?? ['client'], where)
  const [first, ...others] = ports
  const peerPorts = others.length === 0 ? [first] : others
  const count = typeof declaration.nodes === 'number' ? undefined : declaration.nodes.length
  const node = (id: NodeId) => planNode(declaration, id, { ports, where })
  for (const id of nodeNames(count ?? 1)) node(id)
  return {
    ports,
    // A command may also use the client port: `{peer.n2.client}`.
    peerPorts: [...peerPorts, ...ports.filter((port) => !peerPorts.includes(port))],
    settings: settingsOf(declaration, where),
    failover: planFault(declaration.faults?.failover, `${where}: faults.failover`),
    node,
  }
}

function portsOf(declared: readonly PortDeclaration[], where: string): readonly [Port, ...Port[]] {
  const ports = declared.map((port): Port => {
    if (typeof port === 'string') return { name: port, framing: undefined, announced: false }
    const { name, carries, announced = false } = port
    const framing = carries === undefined ? undefined : parseFraming(carries, `${where}: "carries" of port ${name}`)
    return { name, framing, announced }
  })
  const twice = ports.find(({ name }, index) => ports.findIndex((other) => other.name === name) < index)
  if (twice !== undefined)
    throw inputError(`${where}: two ports are called ${twice.name}. Give each port its own name.`)
  const [first, ...others] = ports
  if (first === undefined) throw inputError(`${where}: ports must name one port or more.`)
  return [first, ...others]
}

function settingsOf({ settings = {}, data }: NodesDeclaration, where: string): readonly Setting[] {
  if (Object.hasOwn(settings, 'data'))
    throw inputError(`${where}: settings.data is a built-in setting (--set data=wiped). Choose another name.`)
  const own = Object.entries(settings).map(([name, { summary = '', ...setting }]): Setting => {
    if (setting.values !== undefined && !setting.values.includes(setting.default))
      throw inputError(`${where}: settings.${name}.default is not one of the values of this setting.`)
    return { name, summary, fraction: true, ...setting }
  })
  return [{ ...dataSetting, default: data ?? 'kept' }, ...own]
}

interface NodeSurroundings {
  readonly ports: readonly [Port, ...Port[]]
  readonly where: string
}

/** @throws UserError (input) */
function planNode(declaration: NodesDeclaration, id: NodeId, { ports, where }: NodeSurroundings): NodePlan {
  const own = typeof declaration.nodes === 'number' ? {} : (declaration.nodes[Number(id.slice(1)) - 1] ?? {})
  const all = { ...declaration, ...own }
  if (all.command === undefined)
    throw inputError(
      `${where}: command is missing. Give the command that starts ${id}, such as "node server.js {listen}".`,
    )
  const surroundings = {
    environment: { ...declaration.environment, ...own.environment },
    directory: all.directory,
    user: all.user,
  }
  const commandOf = (text: CommandText, what: string): ProgramCommand => ({
    ...surroundings,
    words: wordsOf(text, `${where}: ${what} of ${id}`),
  })
  return {
    command: commandOf(all.command, 'command'),
    prepare: (all.prepare ?? []).map((text) => commandOf(text, 'prepare')),
    after: (all.after ?? []).map((text) => commandOf(text, 'after')),
    files: Object.fromEntries(
      Object.entries({ ...declaration.files, ...own.files }).map(([path, text]) => [
        path,
        typeof text === 'string' ? text : `${text.join('\n')}\n`,
      ]),
    ),
    readiness: readinessOf(all.ready, ports, { where: `${where}: ready`, commandOf }),
    values: { ...declaration.values, ...own.values },
  }
}

interface ReadinessParts {
  readonly where: string
  readonly commandOf: (text: CommandText, what: string) => ProgramCommand
}

function readinessOf(
  ready: ReadyDeclaration | undefined,
  ports: readonly [Port, ...Port[]],
  { where, commandOf }: ReadinessParts,
): NodeReadiness<string> {
  const planned = planReadiness(ready, (text) => commandOf(text, 'ready.command'))
  if ('port' in planned) portNamed(planned.port, ports, where)
  return planned
}

/** Returns when a node is ready: as declared, or else once its first port accepts connections. */
export const planReadiness = (
  ready: ReadyDeclaration | undefined,
  commandOf: (text: CommandText) => ProgramCommand,
): NodeReadiness<string> =>
  ready?.by === 'command' ? { by: 'command', command: commandOf(ready.command) } : (ready ?? { by: 'tcp' })

/** @throws UserError (input) */
export function portNamed(
  name: string | undefined,
  ports: readonly [Pick<Port, 'name'>, ...Pick<Port, 'name'>[]],
  where: string,
): string {
  const known = ports.map((port) => port.name)
  if (name === undefined) return ports[0].name
  if (known.includes(name)) return name
  throw inputError(`${where}: there is no port ${name}.${didYouMean(name, known)} Known: ${known.join(', ')}.`)
}

/** Runs a step that reads a declaration. Puts the place in the declaration before the message of any error. */
export function inPlace<T>(where: string, step: () => T): T {
  try {
    return step()
  } catch (error) {
    throw withPlace(error, where)
  }
}

export const withPlace = (error: unknown, where: string): unknown =>
  error instanceof UserError && error.code === 'input' && !error.message.startsWith(where)
    ? inputError(`${where}: ${error.message}`)
    : error
