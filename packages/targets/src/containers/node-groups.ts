import { byName } from '@chaosproxy/history'
import { type ContainerKind, imageName, kindOf, NO_NODES } from './container-kind.ts'
import { databaseNames } from './databases.ts'
import type { Container } from './engine.ts'

/** Services that could be the nodes of one cluster, a primary before its replicas. */
export interface NodeGroup {
  readonly kind: ContainerKind
  readonly services: readonly string[]
  readonly containers: readonly Container[]
}

/**
 * Returns the groups, the most likely one first: several nodes before single ones, and the project's own services
 * before their databases.
 */
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
  return groups.map(groupOf).toSorted((a, b) => rank(a) - rank(b) || nameOf(a).localeCompare(nameOf(b)))
}

export const groupOfServices = (services: readonly string[], containers: readonly Container[]): NodeGroup =>
  group(
    services,
    services.flatMap((service) => containers.filter((each) => each.service === service)),
  )

const group = (services: readonly string[], containers: readonly Container[]): NodeGroup => ({
  kind: containers[0] === undefined ? 'own' : kindOf(containers[0]),
  services,
  containers,
})

const RANKED: readonly ContainerKind[] = ['own', ...databaseNames]

const rank = ({ kind, containers }: NodeGroup): number =>
  (containers.length > 1 ? 0 : RANKED.length) + RANKED.indexOf(kind)

const nameOf = ({ services }: NodeGroup): string => services.join()

function groupOf(containers: readonly Container[]): NodeGroup {
  const sorted = containers.toSorted(
    (a, b) =>
      mentioned(a, containers) - mentioned(b, containers) || byName(a.service, b.service) || a.number - b.number,
  )
  return group([...new Set(sorted.map(({ service }) => service))], sorted)
}

/**
 * Returns how many services of `others` a container mentions. A replica mentions its primary, so the primary is sorted
 * before it.
 */
const mentioned = (container: Container, others: readonly Container[]): number =>
  new Set(others.filter((other) => mentions(container, other)).map(({ service }) => service)).size

function areOfOneGroup(a: Container, b: Container): boolean {
  if (a.service === b.service) return true
  const kind = kindOf(a)
  if (kind !== kindOf(b)) return false
  // Two databases of the project are nodes of one cluster only if one mentions the other: the project may have several
  // databases.
  if (kind !== 'own') return mentions(a, b) || mentions(b, a)
  if (stem(a.service) === stem(b.service)) return true
  if (mentions(a, b) && mentions(b, a)) return true
  return a.image === b.image && !LANGUAGES.test(imageName(a.image)) && doTheSame(a, b)
}

/**
 * Returns whether two services of one image are nodes of one cluster, and not, for example, a web server and its
 * worker.
 */
function doTheSame(a: Container, b: Container): boolean {
  if (programOf(a) !== programOf(b)) return false
  if (mentions(a, b) || mentions(b, a)) return true
  return wordsOf(a) === wordsOf(b) && partOf(a) === partOf(b)
}

function programOf({ command }: Container): string {
  const options = command.findIndex((word) => word.startsWith('-'))
  return command.slice(0, options < 0 ? command.length : options).join(' ')
}

/** Returns the container's command, without its own name and number. */
const wordsOf = ({ command, service, name }: Container): string =>
  command.join(' ').replaceAll(name, '*').replaceAll(service, '*').replaceAll(/\d+/g, '#')

/** Returns the variables that define the container's role, as text. */
const partOf = ({ environment }: Container): string =>
  Object.entries(environment)
    .filter(([name]) => /(^|_)(ROLE|TYPE|MODE|PROCESS|COMPONENT|QUEUES?)$/i.test(name))
    .map((each) => each.join('='))
    .toSorted()
    .join(' ')

/**
 * Returns whether the nodes talk among themselves. Nodes of a known kind do; services of the project do if they mention
 * each other.
 */
export const talkAmongThemselves = ({ kind, containers }: NodeGroup): boolean =>
  containers.length > 1 &&
  (kind !== 'own' ||
    containers.some((a) =>
      containers.some((b) => a !== b && (mentions(a, b) || (a.service === b.service && mentionsAny(a, [a.service])))),
    ))

/** Returns the other services that the nodes mention, databases first. */
export function usedBy({ containers, services }: NodeGroup, all: readonly Container[]): readonly string[] {
  const others = all.filter((other) => !services.includes(other.service) && kindOf(other) !== 'gateway')
  const used = others.filter((other) => containers.some((node) => mentions(node, other)))
  return [
    ...new Set([...used.filter((container) => kindOf(container) !== 'own'), ...used].map(({ service }) => service)),
  ]
}

/** The names of these images reveal only the language of a program. */
const LANGUAGES =
  /^(node|bun|deno|python|ruby|php|golang|rust|openjdk|eclipse-temurin|amazoncorretto|dotnet|aspnet|perl|elixir|erlang|alpine|debian|ubuntu|busybox|fedora)$/

/** Returns a service's name without its number or letter: `node` for `node1` and `node_b`. */
const stem = (service: string): string => service.replace(/[-_]?(\d+|[-_][a-z])$/, '')

function mentions(container: Container, { service, name, id }: Container): boolean {
  return container.id !== id && mentionsAny(container, [service, name])
}

function mentionsAny({ command, environment }: Container, names: readonly string[]): boolean {
  const word = new RegExp(`(^|[^\\w.-])(${names.map(escaped).join('|')})($|[^\\w.-])`)
  return [...command, ...Object.values(environment)].some((text) => word.test(text))
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** A migration or initialisation exits with 0 while other containers run. */
const isJob = ({ running, exitCode, pid }: Container, containers: readonly Container[]): boolean =>
  !running && exitCode === 0 && pid === 0 && containers.some((each) => each.running)
