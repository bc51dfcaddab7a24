import { join } from 'node:path'
import type { NodeId } from '@chaosproxy/faults'
import { type Keeper, startKeeper } from '../keeper/keeper.ts'
import { type CommandNode, openCommandNode } from './command-node.ts'
import { makeDataDirectory } from './data-directory.ts'
import type { Placeholders } from './placeholders.ts'

/** A server that nodes use, and into which no faults are injected. */
export interface BesideServer {
  readonly id: NodeId
  /**
   * The command. Its placeholders are `{host}`, `{port}`, `{data}`, and `{peer.NAME}` for the `BesideServer` with this
   * id.
   */
  readonly words: readonly [program: string, ...rest: string[]]
  readonly environment?: { readonly [name: string]: string } | undefined
}

interface Beside {
  /** The servers' addresses: `peer.redis`, `peer-host.redis` and `peer-port.redis`. */
  readonly placeholders: Placeholders
  /** Returns the servers' problems. */
  trouble(): readonly string[]
  end(): Promise<void>
}

interface BesideOptions {
  readonly dataDir: string
  readonly logDir: string
}

const STARTS_WITHIN_MS = 30_000
const HOST = '127.0.0.1'

/**
 * Starts servers on separate ports, with empty directories.
 *
 * @throws UserError (environment) if a server does not start, (input) for an unknown placeholder; nothing is left
 * behind.
 */
export async function startBeside(
  servers: readonly BesideServer[],
  { dataDir, logDir }: BesideOptions,
): Promise<Beside> {
  const trouble: string[] = []
  const nodes: CommandNode<'client'>[] = []
  makeDataDirectory(logDir)
  const keeper = startKeeper(() =>
    trouble.push(
      `the process that would stop ${servers.map(({ id }) => id).join(', ')} ended: if chaos is killed, they keep running`,
    ),
  )
  const end = async () => {
    await Promise.all(nodes.map((node) => node.end()))
    await keeper.close()
  }
  const ports = new Map<NodeId, number>()
  // Until a server is open, its port is 0 here. Placeholders with port 0 only serve to check that commands are valid.
  const placeholders = (): Placeholders =>
    Object.fromEntries(
      servers.flatMap(({ id }): [string, string | number][] => {
        const port = ports.get(id) ?? 0
        return [
          [`peer.${id}`, `${HOST}:${port}`],
          [`peer-host.${id}`, HOST],
          [`peer-port.${id}`, port],
        ]
      }),
    )
  try {
    for (const server of servers) {
      const options = { keeper, dataDir, logDir, placeholders, died: (message: string) => void trouble.push(message) }
      const node = await open(server, options)
      nodes.push(node)
      ports.set(server.id, node.ports.client)
    }
    keeper.removeLater(dataDir)
    await Promise.all(nodes.map((node) => node.start()))
  } catch (error) {
    await end()
    throw error
  }
  return { placeholders: placeholders(), trouble: () => trouble, end }
}

interface OpenOptions extends BesideOptions {
  readonly keeper: Keeper
  readonly placeholders: () => Placeholders
  readonly died: (message: string) => void
}

const open = (
  { id, words, environment }: BesideServer,
  { keeper, dataDir, logDir, placeholders, died }: OpenOptions,
): Promise<CommandNode<'client'>> =>
  openCommandNode({
    ...{ id, keeper, died, ports: ['client'] },
    ...{ command: { words, environment, directory: '{data}' }, placeholders },
    dataDir: join(dataDir, id),
    readiness: { by: 'tcp', port: 'client' },
    logPath: join(logDir, `${id}.log`),
    startupTimeoutMs: STARTS_WITHIN_MS,
    moved() {},
  })
