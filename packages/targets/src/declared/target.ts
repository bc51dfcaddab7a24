import type { Refusal } from '@chaosproxy/faults'
import { usageError } from '@chaosproxy/history'
import type { Target } from '@chaosproxy/runner'
import { type Setting, type Settings, settingsFor } from '@chaosproxy/workloads'
import { planClients } from '../client-kinds/registry.ts'
import type { PlannedClients } from '../clients/planned-clients.ts'
import {
  type ClusterDeclaration,
  hasContainers,
  isRunning,
  type NodesDeclaration,
  nodeCount,
  type RunningDeclaration,
  type StartedDeclaration,
} from '../cluster/declaration.ts'
import type { Exposure } from '../cluster/fault-support.ts'
import { carriedBy, type DeclaredTargetOptions, NO_FAILOVER, ofCluster } from '../cluster/of-cluster.ts'
import { type ClusterPlan, inPlace, planCluster, wipedWeakness } from '../cluster/parts.ts'
import type { RoleWatch } from '../cluster/role.ts'
import { planRunning, type RunningPlan } from '../cluster/running-plan.ts'
import type { CommandNode } from '../command/command-node.ts'
import { containersTarget } from '../containers/target.ts'
import { machineFaultSupport } from '../preload/fault-support.ts'

/**
 * Returns an external cluster as a target.
 *
 * @throws UserError (input) for members that contradict each other, before anything is started.
 */
export function declaredTarget(declaration: ClusterDeclaration, options: DeclaredTargetOptions): Target {
  return inPlace(options.where, () => {
    if (hasContainers(declaration)) return containersTarget(declaration, options)
    return isRunning(declaration) ? runningTarget(declaration, options) : startedTarget(declaration, options)
  })
}

function startedTarget(declaration: StartedDeclaration, { where, directory }: DeclaredTargetOptions): Target {
  const clients = planClients(declaration.client, `${where}: client`, directory)
  return targetWithClients(declaration, { where, clients: () => clients })
}

interface OwnClients {
  /** The prefix of every error message: the name of the target. */
  readonly where: string
  /** The target's own settings. They replace settings of the declaration that have the same name. */
  readonly own?: readonly Setting[] | undefined
  readonly clients: (settings: Settings) => PlannedClients
  /** Returns whether a fault can be injected into the target's disks and clocks; by default `machineFaultSupport`. */
  readonly machine?: Exposure['machine']
  /** The kind of layer between programs and their disks and clocks; by default preloaded libraries. */
  readonly below?: Exposure['below']
  /** Loads the module that watches roles; by default the declaration's `role` is used. */
  readonly watchRoles?: (() => Promise<(nodes: readonly CommandNode<string>[]) => RoleWatch>) | undefined
}

/**
 * Returns a target whose nodes come from a declaration, and whose clients are created by code. @throws UserError
 * (input), like `declaredTarget`.
 */
export function targetWithClients(
  declared: NodesDeclaration,
  { where, own, clients: clientsFor, machine = machineFaultSupport, below, watchRoles }: OwnClients,
): Target {
  const declaration =
    own === undefined
      ? declared
      : {
          ...declared,
          settings: Object.fromEntries(
            own.map(({ name, summary, default: usual, values }) => [
              name,
              { default: usual, summary, ...(values && { values }) },
            ]),
          ),
        }
  const plan = planCluster(declaration, where)
  const clients = clientsFor(settingsFor({ name: where, settings: plan.settings }))
  const exposure: Exposure = {
    clients: carriedBy(clients),
    linked: dialsPeers(declaration, plan),
    framed: plan.peerPorts.some(({ framing }) => framing !== undefined),
    machine,
    below,
    refused: { failover: plan.failover === undefined ? NO_FAILOVER : undefined },
  }
  const count = nodeCount(declaration)
  return {
    ...ofCluster(declaration, { where, clients, exposure }),
    weakness: wipedWeakness,
    defaultNodes: count,
    // The target's own settings replace planned settings of the same name, because only own settings can have limits
    // (`min` and `max`).
    settings:
      own === undefined
        ? plan.settings
        : [...plan.settings.filter(({ name }) => own.every((setting) => setting.name !== name)), ...own],
    async start({ nodes, ...rest }) {
      if (Array.isArray(declaration.nodes) && nodes !== count)
        throw usageError(
          `${where}: "nodes" lists ${count} nodes, so ${nodes} cannot be started. Give --nodes ${count}.`,
        )
      // Load the proxy only when a cluster starts.
      const { startCommandCluster } = await import('../cluster/start-commands.ts')
      return startCommandCluster({
        ...{ ...rest, nodes, declaration, where, plan, exposure },
        clients: clientsFor(rest.settings),
        watchRoles: await watchRoles?.(),
      })
    },
  }
}

function runningTarget(declaration: RunningDeclaration, { where, directory }: DeclaredTargetOptions): Target {
  const plan = planRunning(declaration, where, directory)
  const clients = planClients(declaration.client, `${where}: client`, directory)
  const exposure: Exposure = {
    clients: carriedBy(clients),
    linked: plan.links.length + plan.remotes.length > 0,
    framed: plan.remotes.length === 0 && plan.links.some(({ framing }) => framing !== undefined),
    isElsewhere: plan.remotes.length > 0,
    refused: {
      kill: refusalOf('kill', plan),
      pause: refusalOf('pause', plan),
      failover: plan.failover === undefined ? NO_FAILOVER : undefined,
    },
  }
  const count = nodeCount(declaration)
  return {
    ...ofCluster(declaration, { where, clients, exposure }),
    defaultNodes: count,
    settings: [],
    async start({ nodes, ...rest }) {
      if (nodes !== count)
        throw usageError(`${where}: the cluster has ${count} nodes, not ${nodes}. Give --nodes ${count}.`)
      const { attachCluster } = await import('../cluster/start-running.ts')
      return attachCluster({ ...rest, declaration, where, plan, clients, exposure })
    },
  }
}

/** Only a command can kill or pause a process that chaos did not start. */
function refusalOf(kind: 'kill' | 'pause', { faults }: RunningPlan): Refusal | undefined {
  if (faults[kind] !== undefined) return undefined
  const other = kind === 'kill' ? 'pause' : 'kill'
  return {
    not: `the run does not start its nodes, and no command for it is declared: "faults": {"${kind}": {"do": …, "undo": …}}`,
    instead: [faults[other] === undefined ? 'cut-clients' : other],
  }
}

/** Returns whether a command or file refers to the address of a peer. */
function dialsPeers(declaration: NodesDeclaration, plan: ClusterPlan): boolean {
  const { lists, before: _, faults: __, ...rest } = declaration
  const text = JSON.stringify({ ...rest, client: undefined })
  if (/\{(peers?|announced)[-.}]/.test(text)) return true
  const used = Object.entries(lists ?? {}).filter(([name]) => text.includes(`{list.${name}}`))
  return plan.peerPorts.length > 0 && used.some(([, { each }]) => /\{(peer|announced)[-.}]/.test(each))
}
