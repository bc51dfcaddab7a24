import { resolve } from 'node:path'
import type { NodeId } from '@chaosproxy/faults'
import type { Address } from '@chaosproxy/proxy'
import type { Keeper } from '../keeper/keeper.ts'
import type { Victim } from '../network/node-harms.ts'
import type { ProgramCommand } from '../processes/command.ts'
import { startCommand } from './command-process.ts'
import { makeDataDirectory, wipeDataDirectory, writeDataFile } from './data-directory.ts'
import { fillCommand, fillPlaceholders, type Placeholders, readinessAt } from './placeholders.ts'
import { releasePorts, reservePorts } from './ports.ts'
import { type NodeReadiness, type Readiness, readinessText, sizeOf, untilReady } from './readiness.ts'
import { runPreparation, runToEnd } from './run-to-end.ts'
import { type Life, type SupervisedNode, superviseNode } from './supervised-node.ts'

const AFTER_MS = 5_000

type NodePorts<Port extends string> = { readonly [port in Port]: number }

/** The layer under a node's programs, which injects the faults of the node's disk and clock. */
export interface NodeMachine {
  under(command: ProgramCommand): ProgramCommand
  /** @throws UserError (environment) if one of these processes does not run on this machine. */
  requireUnder(pids: () => readonly number[]): Promise<void>
  faultInjector(node: SupervisedNode): NonNullable<Victim['injectFault']>
}

export interface CommandNodeOptions<Port extends string> {
  readonly id: NodeId
  /**
   * Words, variables and directories may contain placeholders: `{node}`, `{host}`, `{data}`, `{port}` (the first port),
   * `{port.NAME}`, and further ones.
   */
  readonly command: ProgramCommand
  /** Files to write once, before the first start. Relative paths are inside the data directory. */
  readonly files?: { readonly [path: string]: string } | undefined
  /** Whether the data directory is emptied before each restart. */
  readonly wipedOnRestart?: boolean | undefined
  /** Commands that run once, in order, before the first start, such as `initdb`. */
  readonly prepare?: readonly ProgramCommand[] | undefined
  /** Commands that run after the node has stopped for good. If this process dies first, the keeper runs them. */
  readonly after?: readonly ProgramCommand[] | undefined
  /** The names of the node's ports, whose numbers stay the same over all lives. */
  readonly ports: readonly [Port, ...Port[]]
  readonly numbers?: { readonly [port: string]: number } | undefined
  /** The address on which the node listens; by default 127.0.0.1. On Linux any 127.x.y.z works. */
  readonly host?: string | undefined
  /** The data directory. It is created if missing, and kept over all lives. */
  readonly dataDir: string
  /** Returns further placeholders. Called once for each life. */
  readonly placeholders?: ((ports: NodePorts<Port>) => Placeholders) | undefined
  readonly readiness: NodeReadiness<NoInfer<Port>>
  /** The machine that the node's programs run on. Preparations and other commands do not use it. */
  readonly machine?: NodeMachine | undefined
  readonly keeper: Keeper
  readonly logPath: string
  readonly startupTimeoutMs: number
  readonly waits?: ((text: string) => void) | undefined
  readonly moved: (ports: NodePorts<Port> | undefined) => void
  readonly died: (message: string) => void
}

/** A node that runs any command: a server that gets its ports and does not know chaos. */
export interface CommandNode<Port extends string> extends SupervisedNode {
  readonly ports: NodePorts<Port>
  readonly addresses: { readonly [port in Port]: Address }
  readonly injectFault?: NonNullable<Victim['injectFault']>
  placeholders(): Placeholders
}

/**
 * Reserves ports and a data directory; `start` starts the process.
 *
 * @throws UserError: input for an unknown placeholder, environment if no port or directory is available.
 */
export async function openCommandNode<Port extends string>(
  options: CommandNodeOptions<Port>,
): Promise<CommandNode<Port>> {
  const { id, keeper, logPath, dataDir, machine } = options
  const host = options.host ?? '127.0.0.1'
  const { user } = options.command
  const ports = await portsOf(options.ports, options.numbers, host)
  let prepared = false

  const placeholders = (): Placeholders => ({
    node: id,
    host,
    // A command with its own directory needs an absolute path. Any other command gets `dataDir` as it is: a relative
    // path may be shorter, and the paths of sockets have a maximum length.
    data: options.command.directory === undefined ? dataDir : resolve(dataDir),
    port: ports[options.ports[0]],
    ...Object.fromEntries(options.ports.map((name) => [`port.${name}`, ports[name]])),
    ...options.placeholders?.(ports),
  })
  const filled = (command: ProgramCommand) => fillCommand(command, placeholders())

  const files = () => filledFiles(options.files, placeholders())
  const addresses = addressesOf(ports, host)
  const readiness = () =>
    readinessAt<Port>(options.readiness, (port = options.ports[0]) => addresses[port], placeholders())

  async function prepare(): Promise<void> {
    for (const [path, text] of files()) writeDataFile(resolve(dataDir, path), text, user)
    const timeoutMs = options.startupTimeoutMs
    for (const each of options.prepare ?? [])
      await runPreparation(id, { name: id, command: filled({ user, ...each }), keeper, logPath, timeoutMs })
  }

  async function launch(life: number): Promise<Life<NodePorts<Port>>> {
    if (options.wipedOnRestart && life > 1) {
      wipeDataDirectory(dataDir, user)
      prepared = false
    }
    makeDataDirectory(dataDir, user)
    if (!prepared) await prepare()
    prepared = true
    const logOffset = sizeOf(logPath)
    const command = filled(options.command)
    const process = await startCommand({ name: id, command: machine?.under(command) ?? command, logPath, keeper })
    const ready = untilReady(readiness(), { name: id, process, keeper, logPath, logOffset, isAgain: life > 1 })
    const loaded = ready.then(() => (life === 1 ? machine?.requireUnder(process.members) : undefined))
    return { process, ready: loaded.then(() => ports) }
  }

  let node: SupervisedNode
  try {
    // Reject unknown placeholders before any process starts.
    filled(options.command)
    for (const each of [...(options.prepare ?? []), ...(options.after ?? [])]) filled(each)
    files()
    readiness()
    node = superviseNode({ ...options, launch, awaited: () => awaitedText(readiness()) })
  } catch (error) {
    releasePorts(Object.values(ports))
    throw error
  }
  const after = (options.after ?? []).map(filled)
  const undone = after.map((command) => keeper.undoLater(command, { timeoutMs: AFTER_MS }))
  return {
    ...node,
    ports,
    addresses,
    ...(machine && { injectFault: machine.faultInjector(node) }),
    placeholders,
    async end() {
      await node.end()
      for (const command of after) await runToEnd({ name: id, command, keeper, logPath, timeoutMs: AFTER_MS })
      for (const forget of undone) forget()
      releasePorts(Object.values(ports))
    },
  }
}

async function portsOf<Port extends string>(
  names: readonly Port[],
  numbers: NonNullable<CommandNodeOptions<Port>['numbers']> = {},
  host: string,
): Promise<NodePorts<Port>> {
  const others = names.filter((name) => !Object.hasOwn(numbers, name))
  return { ...(await reservePorts(others, host)), ...numbers } as NodePorts<Port>
}

const filledFiles = (files: CommandNodeOptions<string>['files'] = {}, values: Placeholders): [string, string][] =>
  Object.entries(files).map(([path, text]) => [fillPlaceholders(path, values), fillPlaceholders(text, values)])

export const addressesOf = <Port extends string>(
  ports: NodePorts<Port>,
  host: string,
): { readonly [port in Port]: Address } => {
  const entries = Object.entries<number>(ports).map(([name, port]) => [name, { host, port }])
  return Object.fromEntries(entries) as { readonly [port in Port]: Address }
}

/**
 * Other nodes reach a node only once it is ready. If the node waits for them before it is ready, it never becomes
 * ready: the text contains a hint about this.
 */
const awaitedText = (readiness: Readiness): string =>
  readiness.by === 'tcp'
    ? readinessText(readiness)
    : `${readinessText(readiness)}, and other nodes cannot reach it before. If it waits for other nodes first, declare "ready": {"by": "tcp"}`
