import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { nodeNames } from '@chaosproxy/faults'
import { environmentError, type UserError as Failure, inputError, usageError } from '@chaosproxy/history'
import type { ContainersDeclaration } from '../cluster/declaration.ts'
import type { OwnCluster } from '../cluster/open-cluster.ts'
import type { RunningNode } from '../cluster/running-node.ts'
import { type DeclaredOptions, startServing } from '../cluster/start-serving.ts'
import { makeDataDirectory } from '../command/data-directory.ts'
import { endOfLog } from '../command/log-tail.ts'
import { runToEnd } from '../command/run-to-end.ts'
import type { ClusterNetwork } from '../network/cluster-network.ts'
import type { Starting } from '../network/starting.ts'
import { elsewhere } from './allowances.ts'
import type { ContainerEvent } from './container-event.ts'
import { CLIENT_PORT } from './container-links.ts'
import { containerNode } from './container-node.ts'
import { type Container, containersOf, type EngineProgram } from './engine.ts'
import { type EngineSocket, openEngineSocket } from './engine-socket.ts'
import { type ClientAddress, directly, entranceOf, noEntrance, requireEntrance, throughGateway } from './entrance.ts'
import { type FollowedLinks, followLinks } from './followed-links.ts'
import { listeningPorts } from './listening-ports.ts'
import {
  clientPort,
  endedAmong,
  gone,
  isComingBack,
  isInPlaceOf,
  isOutdated,
  laterName,
  type Member,
  membersOf,
  requireOwnNetworks,
} from './members.ts'
import { type OwnClocks, openOwnClocks } from './own-clocks.ts'
import { type OwnDisks, openOwnDisks } from './own-disks.ts'
import { commandsFor, composeOf, findProject, isMeant, type Project } from './project.ts'

interface ContainersOptions extends DeclaredOptions {
  readonly declaration: ContainersDeclaration
  readonly directory: string
  readonly count: number
  /** The endpoints that are not nodes. The run adds an endpoint to this list for each container that starts later. */
  readonly others: string[]
}

const UP_WITHIN_MS = 300_000
const LOOK_EVERY_MS = 50

/**
 * Puts the proxy on every link between the containers of a project, without changing a container. A project that is not
 * running is started, and ended afterwards. A running project is left as it was found.
 *
 * @throws UserError as `startServing`; environment if there is no engine, no permission, or a link that cannot be led
 * through the proxy.
 */
export function attachContainers(options: ContainersOptions): Promise<OwnCluster> {
  const { logDir, declaration, count } = options
  makeDataDirectory(logDir)
  return startServing<RunningNode>({
    ...options,
    declaration,
    ids: nodeNames(count),
    clientPort: CLIENT_PORT,
    links: [],
    failover: undefined,
    orphans: 'containers will be left as faults made them',
    comeUp: (starting, network, timeoutMs) => new Attachment(options, starting, network, timeoutMs).begin(),
    remedy:
      'Delete this data, for example by a command in "before"; or use new object names in every run: "keys": "{key}-{run}" in "client".',
  })
}

/** @throws UserError (environment) for containers whose network is on another machine. */
function requireHere({ engine, containers }: Project, where: string): void {
  const remote = elsewhere(engine, containers)
  if (remote === undefined) return
  throw environmentError(
    `${where}: ${engine} runs these containers elsewhere (${remote}), and their network is on another machine. Run chaos in a container there: see "In an image" in the manual.`,
  )
}

/** Returns the declared members that need new containers: `"disk"` and `"clocks"`. */
const ownParts = ({ disk, clocks = false }: ContainersDeclaration): string | undefined =>
  [disk === undefined ? [] : ['"disk"'], clocks ? ['"clocks"'] : []].flat().join(' and ') || undefined

/** @throws UserError (environment) for a declaration that needs new containers. */
function requireNothingOwn(declaration: ContainersDeclaration, { engine, name }: Project, where: string): void {
  const own = ownParts(declaration)
  if (own === undefined) return
  const { compose } = declaration
  throw environmentError(
    `${where}: ${own}: the project ${name} is up, but ${own} needs new containers. End the project first (${composeOf(engine)?.join(' ') ?? 'docker compose'} -f ${compose} down), and let chaos start it, or leave out ${own}.`,
  )
}

/** The proxy between the containers of a project during a run. */
class Attachment {
  readonly #options: ContainersOptions
  readonly #starting: Starting<RunningNode>
  readonly #network: ClusterNetwork
  readonly #timeoutMs: number
  readonly #closers: (() => Promise<void> | void)[] = []
  #project: Project | undefined
  #members: Member[] = []
  #disks: OwnDisks | undefined
  #clocks: OwnClocks | undefined
  #links: FollowedLinks | undefined
  #socket: EngineSocket | undefined
  #port = 0

  constructor(options: ContainersOptions, starting: Starting<RunningNode>, network: ClusterNetwork, timeoutMs: number) {
    this.#options = options
    this.#starting = starting
    this.#network = network
    this.#timeoutMs = timeoutMs
  }

  get #nodes(): readonly Member[] {
    return this.#members.filter(({ isNode }) => isNode)
  }

  async begin(): Promise<void> {
    const { where, signal, logDir, declaration } = this.#options
    const { keeper } = this.#starting
    this.#starting.redirected = {
      notes: async () => (await this.#links?.notes()) ?? [],
      cut: async (links) => (await this.#links?.cut(links)) ?? (async () => 0),
      release: async () => this.#links?.release(),
      close: () => this.#close(),
    }
    const found = findProject(declaration, this.#options.directory)
    if (found !== undefined) requireNothingOwn(declaration, found, where)
    const project = await this.#settled(found ?? (await this.#bringUp()))
    this.#project = project
    requireHere(project, where)
    this.#members = [...membersOf(declaration, project.containers, where)]
    this.#requireCount()
    this.#requireRunning()
    requireOwnNetworks(this.#members, where)
    requireEntrance(declaration, this.#members, project.containers, where)
    for (const { isNode, endpoint } of this.#members) if (!isNode) this.#options.others.push(endpoint)
    this.#port = await this.#untilListening()
    const clientAddress = await this.#untilEntrance()
    this.#socket = await openEngineSocket({ engine: project.engine, keeper, logDir })
    const nodes = this.#nodes
    this.#starting.nodes = nodes.map((member, i) =>
      containerNode({
        ...{ member, engine: project.engine, declaration, port: this.#port, where, keeper },
        disk: this.#disks?.directoryOf(member.container.service),
        clock: this.#clocks?.of(member.container.service),
        ...{ number: i + 1, timeoutMs: this.#timeoutMs, logPath: join(logDir, `${member.endpoint}.log`) },
      }),
    )
    await Promise.all(this.#starting.nodes.map((node) => node.ready(signal)))
    this.#clocks?.requireRead(nodes)
    this.#links = await followLinks({
      ...{ project: project.name, engine: project.engine, where, logDir, keeper },
      trouble: this.#starting.news.trouble,
      members: () => this.#members,
      clientAddress,
      network: this.#network,
      happened: (events) => this.#happened(project.engine, events),
      changed: this.#starting.news.changed,
    })
  }

  async #bringUp(): Promise<Project> {
    const { declaration, where, logDir } = this.#options
    const { keeper } = this.#starting
    const logPath = join(logDir, 'compose.log')
    await this.#openOwn(logPath)
    const overrides = [this.#disks, this.#clocks].flatMap((own) => (own === undefined ? [] : [own.override]))
    const { up, down } = commandsFor(declaration, this.#options, overrides)
    const forget = keeper.undoLater(down, { timeoutMs: UP_WITHIN_MS })
    const run = (command: typeof up) =>
      runToEnd({ name: where, command, keeper, logPath, timeoutMs: UP_WITHIN_MS, forks: false })
    this.#closers.push(async () => {
      await run(down)
      forget()
    })
    const { code } = await run(up)
    const project = code === 0 ? findProject(declaration, this.#options.directory) : undefined
    if (project !== undefined) return project
    throw environmentError(`${where}: ${up.words.join(' ')} failed (exit code ${code}). ${endOfLog(logPath)}`)
  }

  /** Gives nodes their own disks and clocks, so that a fault of a disk or clock affects only its node. */
  async #openOwn(logPath: string): Promise<void> {
    const { declaration, where } = this.#options
    const { disk, clocks, nodes: services = [] } = declaration
    const { keeper } = this.#starting
    if (disk !== undefined) {
      this.#disks = await openOwnDisks({ where, disk, services, keeper, logPath })
      this.#closers.push(this.#disks.remove)
    }
    if (clocks === true) {
      this.#clocks = openOwnClocks({ where, services, keeper })
      this.#closers.push(this.#clocks.remove)
    }
  }

  #requireCount(): void {
    const { where, count, declaration } = this.#options
    const nodes = this.#nodes
    const own = ownParts(declaration)
    if (own !== undefined && nodes.length !== declaration.nodes?.length)
      throw inputError(
        `${where}: ${own}: a service has several containers (${nodes.map(({ container }) => container.name).join(', ')}), which cannot share ${own}. Do not scale services that are nodes, or leave out ${own}.`,
      )
    if (nodes.length === count) return
    throw usageError(
      `${where}: nodes: the project has ${nodes.length} containers of these services (${nodes.map(({ container }) => container.name).join(', ')}), but the run expects ${count}: give --nodes ${nodes.length}.`,
    )
  }

  /**
   * Resolves once the engine no longer restarts any container, or the time limit has passed. The engine may restart a
   * container repeatedly while the container's database is down.
   */
  async #settled(project: Project): Promise<Project> {
    const deadline = performance.now() + this.#timeoutMs
    let { containers } = project
    for (;;) {
      const awaited = containers.filter(isComingBack).map(({ id }) => id)
      if (awaited.length === 0 || performance.now() >= deadline) return { ...project, containers }
      this.#options.signal?.throwIfAborted()
      await wait(LOOK_EVERY_MS)
      const seen = await containersOf(project.engine, awaited)
      containers = containers.map((each) => seen.find(({ id }) => id === each.id) ?? each)
    }
  }

  /** Inspects the containers that have ended or restarted. */
  async #look(): Promise<void> {
    const outdated = this.#members.filter(({ container }) => isOutdated(container))
    if (outdated.length === 0 || this.#project === undefined) return
    await this.#happened(
      this.#project.engine,
      outdated.map(({ container: { id } }) => ({ id, what: 'start' })),
    )
  }

  /** @throws if a container does not run. Some Compose programs succeed although a container has failed. */
  #requireRunning(): void {
    const { where } = this.#options
    const down = this.#members.find(({ isNode, container }) => isNode && !container.running && !isComingBack(container))
    if (down === undefined) return
    const { name, exitCode } = down.container
    throw environmentError(
      `${where}: ${down.endpoint} (${name}) does not run: it ended with exit code ${exitCode}. See its log: ${this.#project?.engine} logs ${name}`,
    )
  }

  /** Resolves with the port that clients dial, once every node listens on it. */
  async #untilListening(): Promise<number> {
    const { where, declaration, signal } = this.#options
    const deadline = performance.now() + this.#timeoutMs
    const nodes = this.#nodes
    for (;;) {
      await this.#look()
      this.#requireRunning()
      const all = nodes.map(({ container }) => listeningPorts(container.pid))
      const [first] = nodes
      const port = first === undefined ? undefined : clientPort(declaration.port, first.container, all[0] ?? [])
      if (port !== undefined && all.every((ports) => ports.includes(port))) return port
      signal?.throwIfAborted()
      if (performance.now() >= deadline) throw this.#notListening(nodes, port, where)
      await wait(LOOK_EVERY_MS)
    }
  }

  /** Resolves with the address that clients dial: the address of their node, or of a gateway once one listens. */
  async #untilEntrance(): Promise<ClientAddress> {
    const { where, declaration, signal } = this.#options
    const { through } = declaration
    if (through === undefined) return directly(() => this.#port)
    const deadline = performance.now() + this.#timeoutMs
    for (;;) {
      await this.#look()
      const entrance = entranceOf(through, this.#members)
      if (entrance.port !== undefined) return throughGateway(through.service, entrance.port, () => this.#members)
      signal?.throwIfAborted()
      if (performance.now() >= deadline) throw noEntrance(through, entrance, where)
      await wait(LOOK_EVERY_MS)
    }
  }

  #notListening(nodes: readonly Member[], port: number | undefined, where: string): Failure {
    const found = nodes.map(
      ({ endpoint, container: { name, pid } }) =>
        `${endpoint} (${name}) on ${listeningPorts(pid).join(', ') || 'none'}`,
    )
    const what =
      port === undefined
        ? 'no "port" is given, and it is unclear which port clients dial'
        : `not every node listens on port ${port}`
    return environmentError(`${where}: port: ${what}. The nodes listen on these ports: ${found.join('; ')}.`)
  }

  async #happened(engine: EngineProgram, events: readonly ContainerEvent[]): Promise<void> {
    const ids = endedAmong(this.#members, events)
    if (ids.length === 0) return
    const seen = await (this.#socket?.containersOf(ids) ?? containersOf(engine, ids))
    for (const member of this.#members)
      if (ids.includes(member.container.id) && !seen.some(({ id }) => id === member.container.id))
        member.container = gone(member.container)
    const { declaration, directory } = this.#options
    for (const container of seen)
      if (
        isMeant(container, declaration, directory) ||
        this.#members.some((each) => each.container.id === container.id)
      )
        this.#sees(container)
  }

  /**
   * Stores a container in its `Member`. If the container replaces another container, it takes over the other
   * container's member. A new container that runs gets a member of its own.
   */
  #sees(container: Container): void {
    const known =
      this.#members.find((member) => member.container.id === container.id) ??
      this.#members.find((member) => isInPlaceOf(container, member.container))
    if (known !== undefined) {
      // A replaced container may end after its replacement has started.
      if (container.running || known.container.id === container.id) known.container = container
      return
    }
    if (!container.running) return
    const endpoint = laterName(
      container,
      this.#members.map((member) => member.container),
    )
    this.#members.push({ endpoint, isNode: false, container })
    this.#options.others.push(endpoint)
  }

  /** Closes the links first, because they were opened last. */
  async #close(): Promise<void> {
    await this.#links?.close()
    await this.#socket?.close()
    for (const close of this.#closers.reverse()) await close()
  }
}
