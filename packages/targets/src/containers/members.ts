import { UserError } from '@chaosproxy/history'
import type { ContainersDeclaration } from '../cluster/declaration.ts'
import { usualPort } from './container-kind.ts'
import type { Container } from './engine.ts'

/** A container as an end of links. */
export interface Member {
  /** A node (`n1`), or the name of a service that is none (`db`; `db-2` if there are several). */
  readonly endpoint: string
  readonly isNode: boolean
  /** As it was seen last. */
  container: Container
}

/**
 * Which containers are nodes, in order, and what the others are called.
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
    throw new UserError(
      'input',
      `${where}: nodes: there is no service ${unknown} among the containers. There are ${services.join(', ')}.`,
    )
  const nodes = wanted.flatMap((service) => containers.filter((each) => each.service === service))
  const others = containers.filter((each) => !nodes.includes(each) && each.running)
  return [
    ...nodes.map((container, i) => ({ endpoint: `n${i + 1}`, isNode: true, container })),
    ...others.map((container) => ({ endpoint: otherName(container, others), isNode: false, container })),
  ]
}

/** A service may have the name of an endpoint that means something else. */
export function otherName({ service, name, number }: Container, others: readonly Container[]): string {
  if (/^n\d+$/.test(service) || service === 'clients') return name
  return others.filter((each) => each.service === service).length > 1 ? `${service}-${number}` : service
}

/** @throws UserError (environment) for nodes whose links nothing can come between. */
export function requireOwnNetworks(members: readonly Member[], where: string): void {
  for (const { endpoint, isNode, container } of members) {
    if (!isNode || !container.running) continue
    const { name, networkMode, networks } = container
    const shared =
      networkMode === 'host' ? "the host's network" : /^container:/.test(networkMode) ? "another's network" : undefined
    if (shared === undefined && networks.length > 0) continue
    throw new UserError(
      'environment',
      `${where}: ${endpoint} (${name}) has ${shared ?? 'no network'} (network_mode: ${networkMode}), where nobody can tell whom it talks to. Give it a network of the project, or declare its links by hand ("addresses" and "links" of a cluster that runs already).`,
    )
  }
}

/** The port that clients dial: the declared one, the only one published, the usual one of the image, or the only one. */
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
