import { existsSync } from 'node:fs'
import { environmentError, inputError } from '@chaosproxy/history'
import type { ContainersDeclaration } from '../cluster/declaration.ts'
import type { ContainerEvent } from './container-event.ts'
import { usualPort } from './container-kind.ts'
import type { Container } from './engine.ts'

export interface Member {
  /** The name on links: a node (`n1`) or another service (`db`, or `db-2` of several). */
  readonly endpoint: string
  readonly isNode: boolean
  container: Container
}

/**
 * Returns the nodes in order, and the names of the other containers.
 *
 * @throws UserError (input) for a service that the project does not have.
 */
export function membersOf(
  declaration: ContainersDeclaration,
  containers: readonly Container[],
  where: string,
): readonly Member[] {
  const services = [...new Set(containers.map(({ service }) => service))]
  const wanted = declaration.nodes ?? services
  const unknown = wanted.find((service) => !services.includes(service))
  if (unknown !== undefined)
    throw inputError(
      `${where}: nodes: there is no service ${unknown} among the containers. The services are ${services.join(', ')}.`,
    )
  const nodes = wanted.flatMap((service) => containers.filter((each) => each.service === service))
  const others = containers.filter((each) => !nodes.includes(each) && each.running)
  return [
    ...nodes.map((container, i) => ({ endpoint: `n${i + 1}`, isNode: true, container })),
    ...others.map((container) => ({ endpoint: otherName(container, others), isNode: false, container })),
  ]
}

/**
 * Returns the name of a container that is not a node. The service's name is not enough if it looks like a node's or is
 * `clients`, or if the service has several containers.
 */
export function otherName({ service, name, number }: Container, others: readonly Container[]): string {
  if (/^n\d+$/.test(service) || service === 'clients') return name
  return others.filter((each) => each.service === service).length > 1 ? `${service}-${number}` : service
}

export const laterName = (container: Container, others: readonly Container[]): string =>
  others.some(({ service }) => service === container.service)
    ? `${container.service}-${container.number}`
    : otherName(container, [container])

export const isInPlaceOf = (container: Container, other: Container): boolean =>
  container.service === other.service && container.number === other.number

export const isComingBack = ({ backUntilMs }: Container): boolean =>
  backUntilMs !== undefined && Date.now() < backUntilMs

/** Returns whether the container has changed since its inspection, as far as this is visible without the engine. */
export const isOutdated = (container: Container): boolean =>
  container.running ? !existsSync(`/proc/${container.pid}`) : isComingBack(container)

/** Marks ended containers, and returns the ids of started ones, whose addresses only the engine knows. */
export function endedAmong(members: readonly Member[], events: readonly ContainerEvent[]): readonly string[] {
  const last = new Map(events.map(({ id, what }) => [id, what]))
  for (const member of members) if (last.get(member.container.id) === 'die') member.container = gone(member.container)
  return [...last].flatMap(([id, what]) => (what === 'start' ? [id] : []))
}

export const gone = (container: Container): Container => ({ ...container, running: false, pid: 0 })

/** @throws UserError (environment) for nodes whose links cannot be led through the proxy. */
export function requireOwnNetworks(members: readonly Member[], where: string): void {
  for (const { endpoint, isNode, container } of members) {
    if (!isNode || !container.running) continue
    const { name, networkMode, networks } = container
    const shared =
      networkMode === 'host' ? "the host's network" : /^container:/.test(networkMode) ? "another's network" : undefined
    const has4 = networks.some(({ family }) => family === 4)
    if (shared === undefined && has4) continue
    if (shared === undefined && networks.length > 0)
      throw environmentError(
        `${where}: ${endpoint} (${name}) has no IPv4 address for its clients to dial. Give the network of this container an IPv4 subnet as well.`,
      )
    throw environmentError(
      `${where}: ${endpoint} (${name}) has ${shared ?? 'no network'} (network_mode: ${networkMode}), so its links cannot lead through the proxy. Give it a network of the project, or declare its links by hand ("addresses" and "links" of a cluster that is already running).`,
    )
  }
}

/**
 * Returns the port that clients dial: the declared port, the only published port, the image's usual port, or the only
 * listening port, in this order.
 */
export function clientPort(
  declared: number | undefined,
  { image, published }: Container,
  listening: readonly number[],
): number | undefined {
  const [first, ...more] = [...new Set(published)]
  if (declared !== undefined) return declared
  if (first !== undefined && more.length === 0) return first
  const usual = usualPort(image)
  if (usual !== undefined) return usual
  return listening.length === 1 ? listening[0] : undefined
}
