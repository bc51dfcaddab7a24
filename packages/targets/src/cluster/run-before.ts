import { join } from 'node:path'
import type { NodeId } from '@chaosproxy/faults'
import { UserError } from '@chaosproxy/history'
import type { Address } from '@chaosproxy/proxy'
import { lastLines } from '../command/log-tail.ts'
import { fillCommand, type Placeholders } from '../command/placeholders.ts'
import { runToEnd } from '../command/run-to-end.ts'
import { type CommandText, wordsOf } from '../command/words.ts'
import type { Keeper } from '../keeper/keeper.ts'
import type { ClusterNetwork } from '../network/cluster-network.ts'
import { commandText } from '../processes/command.ts'
import { addAddresses } from './node-placeholders.ts'

export interface RunBeforeOptions {
  readonly before: readonly CommandText[] | undefined
  readonly where: string
  readonly nodes: readonly { readonly id: NodeId; readonly addresses: { readonly [port: string]: Address } }[]
  readonly network: ClusterNetwork
  readonly keeper: Keeper
  readonly logDir: string
  readonly timeoutMs: number
}

/**
 * Runs the commands that join nodes that are ready into a cluster, or empty one. `{client.n1}` is the proxied client
 * address of a node; `{node.n1}` and `{node.n1.NAME}` are its real ones.
 *
 * @throws UserError: input for an unknown placeholder, environment if a command fails.
 */
export async function runBefore({ before = [], ...options }: RunBeforeOptions): Promise<void> {
  const { where, nodes, network, keeper, logDir, timeoutMs } = options
  const values: { [name: string]: string | number } = {}
  for (const { id, addresses } of nodes) {
    addAddresses(values, `client.${id}`, { client: network.clientAddress(id) }, ['client'])
    addAddresses(values, `node.${id}`, addresses, Object.keys(addresses))
  }
  const logPath = join(logDir, 'before.log')
  for (const text of before) {
    const command = fillCommand({ words: wordsOf(text, `${where}: before`) }, values satisfies Placeholders)
    const end = await runToEnd({ name: 'before', command, keeper, logPath, timeoutMs })
    if (end.code === 0) continue
    const how = end.signal === null ? `exit code ${end.code}` : end.signal
    throw new UserError(
      'environment',
      `${where}: before: ${commandText(command)} failed (${how}). ${lastLines(logPath)}\nIts log is ${logPath}`,
    )
  }
}
