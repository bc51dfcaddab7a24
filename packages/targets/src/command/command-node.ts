import { resolve } from 'node:path'
import type { NodeId } from '@chaosproxy/faults'
import { UserError } from '@chaosproxy/history'
import type { Address } from '@chaosproxy/proxy'
import { type Command, commandText } from './command.ts'
import { startCommand } from './command-process.ts'
import { makeDataDirectory, wipeDataDirectory, writeDataFile } from './data-directory.ts'
import type { Keeper } from './keeper.ts'
import { lastLines } from './log-tail.ts'
import { fillCommand, fillPlaceholders, type Placeholders } from './placeholders.ts'
import { releasePorts, reservePorts } from './ports.ts'
import { type Readiness, readinessText, sizeOf, untilReady } from './readiness.ts'
import { runToEnd } from './run-to-end.ts'
import { type Life, type SupervisedNode, superviseNode } from './supervised-node.ts'

/** As `Readiness`, of a node whose ports are not known yet: they go by their names, and other text has placeholders. */
export type NodeReadiness<Port extends string> =
  | { readonly by: 'tcp'; readonly port: Port }
  | { readonly by: 'http'; readonly port: Port; readonly path: string; readonly status?: number | undefined }
  | { readonly by: 'log'; readonly pattern: string }
  | { readonly by: 'command'; readonly command: Command }

/** How long what comes after a node may take. */
const AFTER_MS = 5_000

/** Where a node listens, by the names of its ports. */
export type NodePorts<Port extends string> = { readonly [port in Port]: number }

export interface CommandNodeOptions<Port extends string> {
  readonly id: NodeId
  /**
   * Its words, variables and directories may have placeholders: `{node}`, `{host}`, `{data}`, `{port}` (the first),
   * `{port.NAME}`, and those that `placeholders` adds.
   */
  readonly command: Command
  /** Written once, before its data directory is first started from. Paths that are not absolute are inside it. */
  readonly files?: { readonly [path: string]: string } | undefined
  /** Whether it finds an empty data directory whenever it is started again. By default it finds what it left. */
  readonly wipedOnRestart?: boolean | undefined
  /** What has to be done once, one after another, before its data directory can be started from, such as `initdb`. */
  readonly prepare?: readonly Command[] | undefined
  /** What has to be done once it has ended for good; the keeper does it if this process cannot. */
  readonly after?: readonly Command[] | undefined
  /** What its ports are called. The system chooses them once; they are the same over all lives. */
  readonly ports: readonly [Port, ...Port[]]
  /** Where it is to listen. By default 127.0.0.1; on Linux any 127.x.y.z will do. */
  readonly host?: string | undefined
  /** Made where it is not there, and kept over all lives. */
  readonly dataDir: string
  /** Asked anew for each life. */
  readonly placeholders?: ((ports: NodePorts<Port>) => Placeholders) | undefined
  readonly readiness: NodeReadiness<NoInfer<Port>>
  readonly keeper: Keeper
  readonly logPath: string
  readonly startupTimeoutMs: number
  readonly moved: (ports: NodePorts<Port> | undefined) => void
  readonly died: (message: string) => void
}

/** A command of anybody's as a node: a server that is told its ports, and that knows nothing of who started it. */
export interface CommandNode<Port extends string> extends SupervisedNode {
  readonly ports: NodePorts<Port>
  readonly addresses: { readonly [port in Port]: Address }
  /** What its commands are filled in with. */
  placeholders(): Placeholders
  /** Empties its data directory; the next life begins as the first one did. Only while it is killed. */
  wipe(): void
}

/**
 * Finds free ports and a data directory for it; `start` starts it.
 *
 * @throws UserError: input for a placeholder that there is not, environment where there is no port or directory for it.
 */
export async function openCommandNode<Port extends string>(
  options: CommandNodeOptions<Port>,
): Promise<CommandNode<Port>> {
  const { id, keeper, logPath, dataDir } = options
  const host = options.host ?? '127.0.0.1'
  const { user } = options.command
  const ports = await reservePorts(options.ports, host)
  let prepared = false

  const placeholders = (): Placeholders => ({
    node: id,
    host,
    data: dataDir,
    port: ports[options.ports[0]],
    ...Object.fromEntries(options.ports.map((name) => [`port.${name}`, ports[name]])),
    ...options.placeholders?.(ports),
  })
  const filled = (command: Command) => fillCommand(command, placeholders())

  const files = () =>
    Object.fromEntries(
      Object.entries(options.files ?? {}).map(([path, text]) => [
        fillPlaceholders(path, placeholders()),
        fillPlaceholders(text, placeholders()),
      ]),
    )

  const readiness = () => readinessOf(options.readiness, { ports, host, values: placeholders() })

  async function prepare(): Promise<void> {
    for (const [path, text] of Object.entries(files())) writeDataFile(resolve(dataDir, path), text, user)
    for (const each of options.prepare ?? []) await runPreparation(filled({ user, ...each }), options)
  }

  function wipe(): void {
    wipeDataDirectory(dataDir, user)
    prepared = false
  }

  async function launch(life: number): Promise<Life<NodePorts<Port>>> {
    if (options.wipedOnRestart && life > 1) wipe()
    makeDataDirectory(dataDir, user)
    if (!prepared) await prepare()
    prepared = true
    const logOffset = sizeOf(logPath)
    const process = await startCommand({ name: id, command: filled(options.command), logPath, keeper })
    const ready = untilReady(readiness(), { name: id, process, keeper, logPath, logOffset })
    return { process, ready: ready.then(() => ports) }
  }

  let node: SupervisedNode
  try {
    // What cannot be filled in is refused before anything is started.
    filled(options.command)
    for (const each of [...(options.prepare ?? []), ...(options.after ?? [])]) filled(each)
    files()
    readiness()
    node = superviseNode({ ...options, launch, awaited: () => readinessText(readiness()) })
  } catch (error) {
    releasePorts(Object.values(ports))
    throw error
  }
  const after = (options.after ?? []).map(filled)
  const undone = after.map((command) => keeper.undoLater(command, AFTER_MS))
  return {
    ...node,
    ports,
    addresses: addressesOf(ports, host),
    placeholders,
    wipe() {
      if (node.pid() !== undefined) throw new Error(`${id} runs: its data directory is not wiped under it`)
      wipe()
    },
    async end() {
      await node.end()
      for (const command of after) await runToEnd({ name: id, command, keeper, logPath, timeoutMs: AFTER_MS })
      for (const forget of undone) forget()
      releasePorts(Object.values(ports))
    },
  }
}

/** Where a node listens on its ports. */
export const addressesOf = <Port extends string>(
  ports: NodePorts<Port>,
  host: string,
): { readonly [port in Port]: Address } => {
  const entries = Object.entries<number>(ports).map(([name, port]) => [name, { host, port }])
  return Object.fromEntries(entries) as { readonly [port in Port]: Address }
}

function readinessOf<Port extends string>(
  plan: NodeReadiness<Port>,
  { ports, host, values }: { readonly ports: NodePorts<Port>; readonly host: string; readonly values: Placeholders },
): Readiness {
  switch (plan.by) {
    case 'tcp':
      return { by: 'tcp', port: ports[plan.port], host }
    case 'http': {
      const url = `http://${host}:${ports[plan.port]}${fillPlaceholders(plan.path, values)}`
      return { by: 'http', url, status: plan.status }
    }
    case 'log':
      return plan
    case 'command':
      return { by: 'command', command: fillCommand(plan.command, values) }
  }
}

async function runPreparation(
  command: Command,
  {
    id,
    keeper,
    logPath,
    startupTimeoutMs,
  }: Pick<CommandNodeOptions<string>, 'id' | 'keeper' | 'logPath' | 'startupTimeoutMs'>,
): Promise<void> {
  const end = await runToEnd({ name: id, command, keeper, logPath, timeoutMs: startupTimeoutMs })
  if (end.code === 0) return
  const how = end.signal === null ? `exit code ${end.code}` : end.signal
  throw new UserError(
    'environment',
    `${id}: ${commandText(command)} failed (${how}). ${lastLines(logPath)}\nIts log is ${logPath}`,
  )
}
