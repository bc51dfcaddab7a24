import { join } from 'node:path'
import type { NodeId } from '@chaosproxy/faults'
import { environmentError } from '@chaosproxy/history'
import { fillCommand } from '../command/placeholders.ts'
import { runToEnd } from '../command/run-to-end.ts'
import type { Keeper } from '../keeper/keeper.ts'
import type { Handover } from '../network/node-harms.ts'
import { commandText, type ProgramCommand } from '../processes/command.ts'
import { inTurn } from '../processes/in-turn.ts'
import type { CommandFault } from './command-fault.ts'
import type { ServingNode } from './open-cluster.ts'

interface FailoverOptions {
  readonly nodes: readonly Pick<ServingNode, 'id' | 'placeholders'>[]
  readonly keeper: Keeper
  readonly logDir: string
}

/**
 * Returns the function that makes a node fail over. Its commands run one after another, because two simultaneous
 * promotions would demote each other's node. An exit code other than 0 means that the system refused, which may be
 * legitimate and changes nothing. Rejects with a UserError (environment) if a command cannot be run or takes too long.
 */
export function failoverOf(
  plan: CommandFault | undefined,
  { nodes, keeper, logDir }: FailoverOptions,
): ((node: NodeId) => Promise<Handover>) | undefined {
  if (plan === undefined) return undefined
  const { timeoutMs } = plan
  const logPath = join(logDir, 'failover.log')

  async function run(id: NodeId, command: ProgramCommand): Promise<boolean> {
    const node = nodes.find((candidate) => candidate.id === id)
    if (node === undefined) throw new Error(`there is no node ${id}`)
    const filled = fillCommand(command, node.placeholders())
    // With `forks: false`, a server that the command has restarted survives the end of the command.
    const { code, signal } = await runToEnd({ name: id, command: filled, keeper, logPath, timeoutMs, forks: false })
    if (signal !== null)
      throw environmentError(
        `${id}: ${commandText(filled)} did not end within ${timeoutMs} ms (${signal}). Its log is ${logPath}`,
      )
    return code === 0
  }

  const next = inTurn()
  return async (id) => {
    const done = await next(() => run(id, plan.do))
    return {
      done,
      async undo() {
        const { undo } = plan
        if (done && undo !== undefined) await next(() => run(id, undo))
      },
    }
  }
}
