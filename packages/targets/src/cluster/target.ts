import { basename } from 'node:path'
import { UserError } from '@chaosproxy/history'
import type { Target } from '@chaosproxy/runner'
import { planClients } from '../clients/registry.ts'
import { type ClusterDeclaration, isRunning, nodeCount, type StartedDeclaration } from './declaration.ts'
import { type ClusterPlan, planCluster } from './parts.ts'
import { declaredSuffers, type Exposure } from './suffers.ts'

export interface DeclaredTargetOptions {
  /** Begins messages: the name of a file. */
  readonly where: string
  /** Files that it names are relative to this directory. */
  readonly directory: string
}

/**
 * A cluster that is not ours, as something that can be tested.
 *
 * @throws UserError (input) for what does not go together, before anything is started.
 */
export function declaredTarget(declaration: ClusterDeclaration, options: DeclaredTargetOptions): Target {
  if (isRunning(declaration)) throw new UserError('input', `${options.where}: not yet`)
  return startedTarget(declaration, options)
}

function startedTarget(declaration: StartedDeclaration, { where, directory }: DeclaredTargetOptions): Target {
  const plan = planCluster(declaration, where)
  const clients = planClients(declaration.client, `${where}: client`, directory)
  const asked = { functions: clients.functions, reads: [], initial: null }
  const exposure: Exposure = {
    clients: clients.carries(asked)?.kind,
    linked: dialsPeers(declaration, plan),
    framed: plan.peerPorts.some(({ framing }) => framing !== undefined),
    refused: {},
  }
  const count = nodeCount(declaration)
  const name = declaration.name ?? basename(where).replace(/\.\w+$/, '')
  return {
    name,
    summary: declaration.summary ?? `a cluster of commands, from ${where}`,
    defaultNodes: count,
    settings: plan.settings,
    bugs: [],
    marks: false,
    tier: 'real',
    sessions: clients.sessions,
    declared: declaration,
    functions: () => clients.functions,
    promises: () => declaration.promises ?? 'nothing',
    suffers: (kind, among) => declaredSuffers(exposure, kind, among),
    async start({ nodes, ...rest }) {
      if (Array.isArray(declaration.nodes) && nodes !== count)
        throw new UserError('usage', `${where}: nodes has ${count} nodes, one by one: ${nodes} cannot be started.`)
      // The proxy is loaded if there is a cluster to put it between.
      const { startCommandCluster } = await import('./start-commands.ts')
      return startCommandCluster({ ...rest, nodes, declaration, where, plan, clients, exposure })
    },
  }
}

/** Whether any command or file says where a peer is. */
function dialsPeers(declaration: StartedDeclaration, plan: ClusterPlan): boolean {
  const { lists, client: _, before: __, ...rest } = declaration
  const text = JSON.stringify(rest)
  if (/\{(peers?|announced)[-.}]/.test(text)) return true
  const used = Object.entries(lists ?? {}).filter(([name]) => text.includes(`{list.${name}}`))
  return plan.peerPorts.length > 0 && used.some(([, { each }]) => /\{(peer|announced)[-.}]/.test(each))
}
