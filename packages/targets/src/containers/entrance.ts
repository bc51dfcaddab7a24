import { didYouMean, environmentError, inputError, type UserError } from '@chaosproxy/history'
import type { Address } from '@chaosproxy/proxy'
import type { ContainersDeclaration } from '../cluster/declaration.ts'
import type { Container } from './engine.ts'
import { listeningPorts } from './listening-ports.ts'
import { clientPort, type Member } from './members.ts'

type Through = NonNullable<ContainersDeclaration['through']>

/** The address that a node's clients dial; undefined while nothing serves them. */
export type ClientAddress = (member: Member) => Address | undefined

export const directly =
  (port: () => number | undefined): ClientAddress =>
  ({ isNode, container: { running, networks } }) => {
    const [first] = networks
    const dialled = port()
    return isNode && running && first !== undefined && dialled !== undefined
      ? { host: first.address, port: dialled }
      : undefined
  }

interface Entrance {
  /** Undefined while a container does not listen on the port, or if several ports are possible. */
  readonly port: number | undefined
  readonly listening: readonly number[]
}

export function entranceOf(
  { service, port: declared }: Through,
  members: readonly Member[],
  portsOf: (container: Container) => readonly number[] = ({ pid }) => listeningPorts(pid),
): Entrance {
  const all = gatewaysOf(service, members).map(({ container }) => ({ container, ports: portsOf(container) }))
  const [first] = all
  const listening = [...new Set(all.flatMap(({ ports }) => ports))].toSorted((a, b) => a - b)
  const port = first === undefined ? undefined : clientPort(declared, first.container, first.ports)
  return { port: port !== undefined && all.every(({ ports }) => ports.includes(port)) ? port : undefined, listening }
}

export function noEntrance({ service, port }: Through, { listening }: Entrance, where: string): UserError {
  const ports = listening.join(', ') || 'none'
  return environmentError(
    port === undefined && listening.length > 1
      ? `${where}: through: ${service} listens on ${ports}, and it is unclear which port clients dial. Name the port, such as "through": {"service": "${service}", "port": ${listening[0]}}.`
      : `${where}: through: ${service} does not listen on ${port === undefined ? 'any port' : `port ${port}`}. It listens on ${ports}.`,
  )
}

/**
 * Returns the address of a gateway that the clients of a node dial. The gateway chooses the node that serves them, so
 * they can dial the gateway while their own node is down. If the service has several gateways, they are assigned to the
 * nodes in turn.
 */
export const throughGateway =
  (service: string, port: number, members: () => readonly Member[]): ClientAddress =>
  (member) => {
    const gateways = gatewaysOf(service, members())
    const rank = members()
      .filter(({ isNode }) => isNode)
      .indexOf(member)
    const host = gateways[rank % gateways.length]?.container.networks[0]?.address
    return host === undefined ? undefined : { host, port }
  }

const gatewaysOf = (service: string, members: readonly Member[]): readonly Member[] =>
  members.filter(({ isNode, container }) => !isNode && container.running && container.service === service)

/**
 * @param containers All containers of the project, running or not.
 *
 * @throws UserError (input) for a gateway that the project does not have, or that is itself a node; (environment) for a
 * gateway that is down.
 */
export function requireEntrance(
  { through }: ContainersDeclaration,
  members: readonly Member[],
  containers: readonly Container[],
  where: string,
): void {
  if (through === undefined || gatewaysOf(through.service, members).length > 0) return
  const { service } = through
  const isNode = ({ id }: Container) => members.some((member) => member.isNode && member.container.id === id)
  const others = [...new Set(containers.filter((each) => !isNode(each)).map((each) => each.service))]
  const found = containers.find((each) => each.service === service)
  if (found === undefined)
    throw inputError(
      `${where}: through: there is no service ${service}.${didYouMean(service, others)} Services that are not nodes: ${others.join(', ') || 'none'}.`,
    )
  if (isNode(found))
    throw inputError(
      `${where}: through: ${service} is a node, and a gateway must not be a node. Leave ${service} out of "nodes", or leave out "through".`,
    )
  throw environmentError(
    `${where}: through: ${service} (${found.name}) does not run: it ended with exit code ${found.exitCode}. Start it first, or leave out "through": clients then dial the nodes.`,
  )
}
