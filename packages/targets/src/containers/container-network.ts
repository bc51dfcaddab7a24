import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Fault, familyOf, type Link, tcpFamily } from '@chaosproxy/faults'
import { environmentError, type UserError, usageError } from '@chaosproxy/history'
import type { Address } from '@chaosproxy/proxy'
import type { FaultSupport, Injected } from '@chaosproxy/runner'
import { missingPrograms } from '../command/programs.ts'
import { openClusterNetwork } from '../network/cluster-network.ts'
import { inject } from '../network/inject.ts'
import { type StartedNode, startCluster } from '../network/starting.ts'
import { ATTACHING_PROGRAMS, elsewhere } from './allowances.ts'
import type { ContainerEvent } from './container-event.ts'
import { CLIENT_PORT } from './container-links.ts'
import { type Container, containersOf, type EngineListing, type EngineProgram, listEngines } from './engine.ts'
import { directly } from './entrance.ts'
import { followLinks } from './followed-links.ts'
import { listeningPorts } from './listening-ports.ts'
import { endedAmong, gone, type Member, requireOwnNetworks } from './members.ts'
import { isRoot } from './rights.ts'

interface ContainerNetworkOptions {
  readonly where: string
  readonly ids: ReadonlyMap<string, string>
  readonly seed: number
}

/** The proxy on every link between containers that were started elsewhere. */
export interface ContainerNetwork {
  /** Problems during the run: links that could not follow their containers. */
  readonly trouble: readonly string[]
  /**
   * Serves clients of these containers at this port. Resolves with the address to dial for each container.
   *
   * @throws UserError (environment) if a container does not listen on the port.
   */
  serve(names: readonly string[], port: number): Promise<ReadonlyMap<string, Address>>
  inject(fault: Fault): Promise<Injected>
  /** Removes the proxy without healing: traffic then passes directly. */
  close(): Promise<void>
}

/** A container that has just started may not listen yet. */
const LISTENS_WITHIN_MS = 5_000
const LOOK_EVERY_MS = 50

/**
 * Puts the proxy on every link between these containers, and on every link from this machine's programs to a container.
 *
 * @throws UserError (environment) with the reason if this is impossible. A failed call leaves nothing behind.
 */
export async function openContainerNetwork({ where, ids, seed }: ContainerNetworkOptions): Promise<ContainerNetwork> {
  await requireRights(where)
  const { engine, containers } = engineOf(ids, where)
  const members = [...containers].map(([endpoint, container]): Member => ({ endpoint, isNode: true, container }))
  requireOwnNetworks(members, where)
  const names = members.map(({ endpoint }) => endpoint)
  const [first = ''] = ids.values()
  return startCluster<StartedNode, ContainerNetwork>({ orphans: 'nothing of it is left' }, async (starting) => {
    const { keeper, news, stop } = starting
    const logDir = mkdtempSync(join(tmpdir(), 'chaos-containers-'))
    starting.temporary = logDir
    let clientPort: number | undefined
    const network = await openClusterNetwork({
      nodes: names,
      seed,
      recalls: false,
      clients: { port: CLIENT_PORT, carries: undefined },
      links: [],
    })
    starting.network = network
    const links = await followLinks({
      ...{ project: `containers_${first.slice(0, 12)}`, engine, where, logDir, keeper },
      ...{ trouble: news.trouble, network, members: () => members, clientAddress: directly(() => clientPort) },
      happened: (events) => seenAnew(engine, members, events),
    })
    starting.redirected = links
    return {
      trouble: news.trouble,
      async serve(served, port) {
        await Promise.all(
          members.filter(({ endpoint }) => served.includes(endpoint)).map((each) => listens(each, port)),
        )
        clientPort = port
        await links.refresh()
        return new Map(served.map((name) => [name, network.clientAddress(name)]))
      },
      async inject(fault) {
        if ('links' in fault) requireEnds(fault.links, names)
        return inject(fault, { nodes: new Map(), network, supports: faultSupport, others: names, datagrams: links })
      },
      close: stop,
    }
  })

  async function listens(member: Member, port: number): Promise<void> {
    const deadline = performance.now() + LISTENS_WITHIN_MS
    for (;;) {
      const ports = listeningPorts(member.container.pid)
      if (ports.includes(port)) return
      if (performance.now() >= deadline)
        throw environmentError(
          `${where}: ${member.endpoint} (${member.container.name}) does not listen on port ${port}, but on ${ports.join(', ') || 'none'}. Give the port inside of the container.`,
        )
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
    }
  }
}

/** @throws UserError (environment) */
async function requireRights(where: string): Promise<void> {
  if (process.platform !== 'linux')
    throw environmentError(
      `${where}: the proxy can intercept traffic between containers only on Linux, because other systems run their network in a virtual machine. Run the tests on Linux, such as on a CI machine.`,
    )
  if (!isRoot())
    throw environmentError(
      `${where}: only root can route traffic between containers through the proxy. Run the tests as root (sudo env "PATH=$PATH" npx vitest run); with a rootless podman: podman unshare --rootless-netns npx vitest run`,
    )
  const [missing] = await missingPrograms(ATTACHING_PROGRAMS)
  if (missing !== undefined)
    throw environmentError(`${where}: ${missing.program} is not installed: ${missing.install}.`)
}

/**
 * Returns the engine that runs all of these containers.
 *
 * @throws UserError (environment)
 */
function engineOf(
  ids: ReadonlyMap<string, string>,
  where: string,
): { readonly engine: EngineProgram; readonly containers: ReadonlyMap<string, Container> } {
  const engines = listEngines()
  for (const { program, containers } of engines) {
    const found = [...ids].flatMap(([name, id]) => {
      const container = containers.find((each) => each.id.startsWith(id))
      return container === undefined ? [] : [[name, container] as const]
    })
    if (found.length < ids.size) continue
    const remote = elsewhere(program, containers)
    if (remote !== undefined)
      throw environmentError(
        `${where}: ${program} runs these containers elsewhere (${remote}), and their network is on another machine: run the tests there.`,
      )
    const stopped = found.find(([, { running }]) => !running)
    if (stopped !== undefined)
      throw environmentError(`${where}: ${stopped[0]} (${stopped[1].name}) does not run: start it first.`)
    return { engine: program, containers: new Map(found) }
  }
  throw notFound(ids, engines, where)
}

function notFound(ids: ReadonlyMap<string, string>, engines: readonly EngineListing[], where: string): UserError {
  if (engines.length === 0)
    return environmentError(
      `${where}: neither docker nor podman is in any directory of PATH, and one of them is needed to find the containers. Install the program of the engine that runs them.`,
    )
  const missing = ({ program, containers, problem }: EngineListing) => {
    const unknown = [...ids].filter(([, id]) => !containers.some((each) => each.id.startsWith(id)))
    return `${program} ${problem === undefined ? `does not have ${unknown.map(([name, id]) => `${name} (${id.slice(0, 12)})`).join(', ')}` : `says: ${problem}`}`
  }
  return environmentError(
    `${where}: no engine here has all of these containers: ${engines.map(missing).join('; ')}. If their engine has another socket, name the socket, as in DOCKER_HOST=unix:///run/podman/podman.sock.`,
  )
}

async function seenAnew(
  engine: EngineProgram,
  members: readonly Member[],
  events: readonly ContainerEvent[],
): Promise<void> {
  const ids = endedAmong(members, events)
  const known = members.filter(({ container }) => ids.includes(container.id))
  if (known.length === 0) return
  const seen = await containersOf(
    engine,
    known.map(({ container }) => container.id),
  )
  for (const member of known)
    member.container = seen.find(({ id }) => id === member.container.id) ?? gone(member.container)
}

/** @throws UserError (usage) */
function requireEnds(links: readonly Link[], names: readonly string[]): void {
  const unknown = links.flatMap(({ from, to }) => [from, to]).find((end) => end !== 'clients' && !names.includes(end))
  if (unknown === undefined) return
  throw usageError(`there is no container ${unknown} in this network. The containers are ${names.join(', ')}.`)
}

const faultSupport = (kind: Fault['kind']): FaultSupport =>
  familyOf(kind) === tcpFamily || {
    not: 'faults between containers act only on the bytes of their links',
    instead: ['partition', 'delay', 'slow'],
  }
