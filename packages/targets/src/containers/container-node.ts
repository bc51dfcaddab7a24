import { isEngineFault, type NodeId } from '@chaosproxy/faults'
import type { Address } from '@chaosproxy/proxy'
import type { CommandFault } from '../cluster/command-fault.ts'
import type { ContainersDeclaration } from '../cluster/declaration.ts'
import { type Addresses, addAddresses } from '../cluster/node-placeholders.ts'
import { planReadiness } from '../cluster/parts.ts'
import { allEnded, type RunningNode, runningNode } from '../cluster/running-node.ts'
import type { Placeholders } from '../command/placeholders.ts'
import { readinessAt } from '../command/placeholders.ts'
import { wordsOf } from '../command/words.ts'
import type { Keeper } from '../keeper/keeper.ts'
import { goesOn } from './as-found.ts'
import { CLIENT_PORT } from './container-links.ts'
import type { EngineProgram } from './engine.ts'
import { engineFaults, FAULT_WITHIN_MS } from './engine-faults.ts'
import type { Member } from './members.ts'
import type { OwnClock } from './own-clocks.ts'

interface ContainerNodeOptions {
  readonly member: Member
  readonly number: number
  readonly engine: EngineProgram
  readonly declaration: ContainersDeclaration
  readonly port: number
  readonly where: string
  readonly timeoutMs: number
  /** See `EngineFaultsOptions`. */
  readonly disk: string | undefined
  readonly clock: OwnClock | undefined
  readonly keeper: Keeper
  readonly logPath: string
}

/**
 * The address of a container that has ended: a dial fails immediately. The container's last address may now belong to
 * another container.
 */
const NOWHERE = '255.255.255.255'

const commandFault = (engine: EngineProgram, inject: string, heal: string): CommandFault => ({
  do: { words: [engine, inject, '{value.container}'] },
  undo: { words: [engine, heal, '{value.container}'] },
  timeoutMs: FAULT_WITHIN_MS,
})

/** Returns a container as a node, whose faults the engine injects. */
export function containerNode(options: ContainerNodeOptions): RunningNode {
  const { member, engine, declaration, where, timeoutMs, keeper, logPath } = options
  const id: NodeId = member.endpoint
  // A restarted container may have another address.
  const address: Address = {
    get host() {
      return member.container.networks[0]?.address ?? NOWHERE
    },
    port: options.port,
  }
  const addresses = { [CLIENT_PORT]: address }
  const placeholders = placeholdersOf(options, addresses)
  const ready = planReadiness(declaration.ready, (text) => ({ words: wordsOf(text, `${where}: ready`) }))
  const node = runningNode({
    ...{ id, addresses, timeoutMs, keeper, logPath, placeholders },
    faults: {
      kill: { ...commandFault(engine, 'kill', 'start'), turn: 'start' },
      pause: { ...commandFault(engine, 'pause', 'unpause'), turn: 'first' },
    },
    readiness: readinessAt(ready, () => address, placeholders),
  })
  const { name } = member.container
  const { disk, clock } = options
  keeper.undoUntil(goesOn(engine, name), FAULT_WITHIN_MS, id)
  const faults = engineFaults(
    { id, engine, name, pid: () => member.container.pid, disk, clock, placeholders, keeper, logPath },
    node,
  )
  return {
    ...node,
    injectFault(fault) {
      if (!isEngineFault(fault)) throw new Error(`${fault.kind} is refused above`)
      return faults.injectFault(fault)
    },
    end: () => allEnded([node.end(), faults.end()]),
  }
}

function placeholdersOf(
  { member: { endpoint, container }, number }: ContainerNodeOptions,
  addresses: Addresses,
): Placeholders {
  const found: { [name: string]: string | number } = {
    node: endpoint,
    number,
    'value.container': container.name,
    'value.service': container.service,
  }
  addAddresses(found, 'address', addresses, [CLIENT_PORT])
  return found
}
