import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { NodeId } from '@chaosproxy/faults'
import { type CommandNode, openCommandNode } from '../command/command-node.ts'
import type { Placeholders } from '../command/placeholders.ts'
import { commandsOf } from '../command/supervised-node.ts'
import type { Keeper } from '../keeper/keeper.ts'
import type { Victim } from '../network/node-harms.ts'
import type { ProgramCommand } from '../processes/command.ts'

/**
 * A server that the run starts and ends. In its command, `{port}` and `{listen}` stand for the server's address, and
 * `{data}` for its directory.
 */
interface ServedServer {
  readonly name: NodeId
  readonly command: ProgramCommand
}

interface ServedServersOptions {
  readonly servers: readonly ServedServer[]
  /** Further placeholders, besides `{NAME.direct}` for every server. */
  readonly placeholders: Placeholders
  readonly keeper: Keeper
  readonly dataDir: string
  readonly logDir: string
}

export interface ServedServers {
  readonly victims: ReadonlyMap<NodeId, Victim>
  /** Returns the `host:port` of a server, known before its start. */
  address(name: NodeId): string | undefined
  /**
   * Starts the servers one after another. A server starts when the previous server accepts connections.
   *
   * @throws UserError (environment)
   */
  start(): Promise<void>
  readonly trouble: readonly string[]
  commands(): { readonly [name: NodeId]: ProgramCommand }
  end(): Promise<void>
}

const READY_WITHIN_MS = 30_000

/** @throws UserError (input) for an unknown placeholder. */
export async function openServedServers(options: ServedServersOptions): Promise<ServedServers> {
  const { servers, placeholders, keeper, dataDir, logDir } = options
  if (!existsSync(dataDir)) keeper.removeLater(resolve(dataDir))
  const trouble: string[] = []
  const nodes: CommandNode<'client'>[] = []
  const addressOf = (name: NodeId) => {
    const address = nodes.find(({ id }) => id === name)?.addresses.client
    return address && `${address.host}:${address.port}`
  }
  // All servers have ports before any of them starts.
  const directs = () => Object.fromEntries(servers.map(({ name }) => [`${name}.direct`, addressOf(name) ?? '']))
  for (const { name, command } of servers)
    nodes.push(
      await openCommandNode({
        id: name,
        command,
        ports: ['client'],
        dataDir: join(dataDir, name),
        placeholders: ({ client }) => ({ ...placeholders, ...directs(), listen: `127.0.0.1:${client}` }),
        readiness: { by: 'tcp', port: 'client' },
        keeper,
        logPath: join(logDir, `${name}.log`),
        startupTimeoutMs: READY_WITHIN_MS,
        moved: () => {},
        died: (message) => trouble.push(message),
      }),
    )
  return {
    victims: new Map(nodes.map((node) => [node.id, node])),
    trouble,
    address: addressOf,
    commands: () => commandsOf(nodes),
    async start() {
      for (const node of nodes) await node.start()
    },
    async end() {
      await Promise.all(nodes.map((node) => node.end()))
    },
  }
}
