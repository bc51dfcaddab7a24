import { type ContainerKind, imageName, kindOf, NO_NODES } from './container-kind.ts'
import type { Container } from './engine.ts'

/** Services that could be the nodes of one cluster, in order: a primary before its replicas. */
export interface NodeGroup {
  readonly kind: ContainerKind
  readonly services: readonly string[]
  readonly containers: readonly Container[]
}

/** The likeliest first: several nodes before a single one, and the project's own services before what it uses. */
export function nodeGroups(containers: readonly Container[]): readonly NodeGroup[] {
  const able = containers.filter((each) => !NO_NODES.includes(kindOf(each)) && !isJob(each, containers))
  const groups: Container[][] = []
  for (const container of able) {
    const [first, ...more] = groups.filter((group) => group.some((other) => areOfOneGroup(container, other)))
    if (first === undefined) groups.push([container])
    else {
      first.push(container, ...more.flat())
      for (const merged of more) groups.splice(groups.indexOf(merged), 1)
    }
  }
  return groups.map(groupOf).toSorted((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name))
}

/** The group of these services, whatever they are. */
export const groupOfServices = (services: readonly string[], containers: readonly Container[]): NodeGroup => {
  const chosen = services.flatMap((service) => containers.filter((each) => each.service === service))
  const [first] = chosen
  return { kind: first === undefined ? 'own' : kindOf(first), services, containers: chosen }
}

const RANKED: readonly ContainerKind[] = ['own', 'etcd', 'redis', 'postgres']

const rank = ({ kind, containers }: NodeGroup): number =>
  (containers.length > 1 ? 0 : RANKED.length) + RANKED.indexOf(kind)

function groupOf(containers: readonly Container[]): NodeGroup & { readonly name: string } {
  const sorted = containers.toSorted(
    (a, b) =>
      mentioned(a, containers) - mentioned(b, containers) ||
      a.service.localeCompare(b.service, 'en', { numeric: true }) ||
      a.number - b.number,
  )
  const services = [...new Set(sorted.map(({ service }) => service))]
  const [first] = sorted
  return { kind: first === undefined ? 'own' : kindOf(first), services, containers: sorted, name: services.join() }
}

/** How many of the others it is told of: a replica knows its primary. */
const mentioned = (container: Container, others: readonly Container[]): number =>
  new Set(others.filter((other) => mentions(container, other)).map(({ service }) => service)).size

function areOfOneGroup(a: Container, b: Container): boolean {
  if (a.service === b.service) return true
  const kind = kindOf(a)
  if (kind !== kindOf(b)) return false
  // A store next to another one may well be another one's: only those that know each other are one cluster.
  if (kind !== 'own') return mentions(a, b) || mentions(b, a)
  if (stem(a.service) === stem(b.service)) return true
  if (mentions(a, b) && mentions(b, a)) return true
  return a.image === b.image && !LANGUAGES.test(imageName(a.image))
}

/** The same image for every program in a language. */
const LANGUAGES =
  /^(node|bun|deno|python|ruby|php|golang|rust|openjdk|eclipse-temurin|amazoncorretto|dotnet|aspnet|perl|elixir|erlang|alpine|debian|ubuntu|busybox|fedora)$/

/** `node` of `node1`, `node-2` and `node_b`; a bare `n1` is `n`. */
const stem = (service: string): string => service.replace(/[-_]?(\d+|[-_][a-z])$/, '')

/** Whether it is told of another service: by name, in its command or environment. */
function mentions(container: Container, { service, name, id }: Container): boolean {
  if (container.id === id) return false
  const word = new RegExp(`(^|[^\\w.-])(${[service, name].map(escaped).join('|')})($|[^\\w.-])`)
  return [...container.command, ...Object.values(container.environment)].some((text) => word.test(text))
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** It has ended well while others run: a migration, an initialisation. */
const isJob = ({ running, exitCode, pid }: Container, containers: readonly Container[]): boolean =>
  !running && exitCode === 0 && pid === 0 && containers.some((each) => each.running)
