import { type Link, linksBetween, parseTrafficFault, tcpFamily, trafficFaultKinds } from '@chaosproxy/faults'
import { type ContainerNetwork, openContainerNetwork } from '@chaosproxy/targets'
import { type FaultDraft, type RecordDraft, type Recording, type Run, record, UserError } from 'chaosproxy'
import { assertLevel } from 'chaosproxy/matchers'
import { type ActiveFaults, createActiveFaults, type Heal } from './active-faults.ts'

export type { Heal } from './active-faults.ts'

/** A running container: a `StartedTestContainer` of testcontainers, or anything else with its id. */
export interface StartedContainer {
  /** The id in Docker or Podman. */
  getId(): string
}

/** How to open a network. */
export interface NetworkOptions {
  /** The seed of the faults; by default 1. */
  readonly seed?: number | undefined
}

/** The clients' protocol and the model of their history. */
export interface ClientsDraft extends Pick<RecordDraft, 'model' | 'initial' | 'timeoutMs' | 'out'> {
  /** The port within the containers. */
  readonly port: number
  /** A route table, or its path; `resp` (Redis), or `{"kind":"postgresql","table":"kv"}`, as for `record` of chaosproxy. */
  readonly as: string | object
}

const WHERE = 'ChaosNetwork.between'

/** The proxy on every link between the containers of a test, which keep running unchanged. */
export class ChaosNetwork {
  readonly #names: readonly string[]
  readonly #containers: ContainerNetwork
  readonly #faults: ActiveFaults
  #recording: Recording | undefined
  #judged: Promise<Run> | undefined

  private constructor(names: readonly string[], containers: ContainerNetwork) {
    this.#names = names
    this.#containers = containers
    this.#faults = createActiveFaults(containers)
  }

  /**
   * Puts the proxy between containers that run on this machine, under these names. Requires Linux and root (or the
   * network of a rootless Podman), and nothing in the containers.
   *
   * @throws UserError (usage) for a reserved name, (environment) if the proxy cannot get between them, with the reason
   * and what to do.
   */
  static async between(
    containers: { readonly [name: string]: StartedContainer },
    { seed = 1 }: NetworkOptions = {},
  ): Promise<ChaosNetwork> {
    const ids = new Map(Object.entries(containers).map(([name, container]) => [name, container.getId()]))
    if (ids.size === 0)
      throw new UserError('usage', `${WHERE}: no container is given. Give containers by name: { n1, n2 }.`)
    const odd = [...ids.keys()].find((name) => name === 'clients' || !/^[\w.-]+$/.test(name))
    if (odd !== undefined)
      throw new UserError(
        'usage',
        `${WHERE}: a container cannot be called ${JSON.stringify(odd)}. Use letters, digits, "_", "." and "-", such as n1, and not clients.`,
      )
    return new ChaosNetwork([...ids.keys()], await openContainerNetwork({ where: WHERE, ids, seed }))
  }

  /** Drops what `to` would get from `from`; the other direction passes. Either may be `clients`. */
  cut(from: string, to: string): Promise<Heal> {
    return this.#partition([{ from, to }])
  }

  /** Delays everything that one container sends to another. */
  delay(from: string, to: string, latencyMs: number): Promise<Heal> {
    return this.hurt({ kind: 'latency', latencyMs, links: [{ from, to }] })
  }

  /** Cuts all links between containers of different groups, in both directions. Containers in no group reach all. */
  partition(...groups: readonly (readonly string[])[]): Promise<Heal> {
    return this.#partition(linksBetween(groups))
  }

  #partition(links: readonly Link[]): Promise<Heal> {
    const own = links.find(({ from, to }) => from === to)
    if (links.length > 0 && own === undefined) return this.hurt({ kind: 'partition', links })
    const what = own === undefined ? 'there is nothing to cut: give two groups' : `${own.from} has no link to itself`
    return Promise.reject(new UserError('usage', `partition: ${what}, such as partition(['n1'], ['n2', 'n3']).`))
  }

  /**
   * Injects any fault on connections, by the names and parameters of chaosproxy, on the links it names: `{ kind:
   * 'bandwidth', bytesPerSecond: 1000, links: ['n1>n2'] }`. Faults of requests need recorded clients. Resolves once it
   * is in force, with a function that heals it.
   *
   * @throws UserError for a fault that does not exist, or that these links cannot suffer.
   */
  async hurt(fault: FaultDraft): Promise<Heal> {
    const under = this.#underWay()
    const known: readonly string[] = trafficFaultKinds
    if (under === undefined && known.includes(fault.kind) && !tcpFamily.has(fault.kind))
      throw new UserError('usage', `${fault.kind} acts on requests of recorded clients: call clients() first.`)
    const links = under === undefined ? {} : { links: [...under.origins.keys()].map((to) => ({ from: 'clients', to })) }
    const parsed = parseTrafficFault({ ...links, ...fault }, fault.kind)
    if (under === undefined || tcpFamily.owns(parsed)) return this.#faults.inject(parsed)
    return this.#faults.add(await under.hurt(fault))
  }

  /** Heals every fault in force. */
  heal(): Promise<void> {
    return this.#faults.healAll()
  }

  /**
   * Starts recording the clients of a container, and resolves with the `host:port` that they dial; of several
   * containers, in their order. Their operations until `check` are one history, so name all containers of it at once.
   *
   * @throws UserError (usage, input) for traffic that cannot be recorded, (environment) for a port without a listener.
   */
  clients(name: string, draft: ClientsDraft): Promise<string>
  clients(names: readonly string[], draft: ClientsDraft): Promise<readonly string[]>
  async clients(wanted: string | readonly string[], draft: ClientsDraft): Promise<string | readonly string[]> {
    const { port, as, ...rest } = draft
    const names = typeof wanted === 'string' ? [wanted] : wanted
    const unknown = names.find((name) => !this.#names.includes(name))
    if (unknown !== undefined || names.length === 0)
      throw new UserError(
        'usage',
        `clients: there is no container ${unknown ?? 'named'} in this network. There are ${this.#names.join(', ')}.`,
      )
    const under = this.#underWay()
    if (under !== undefined)
      throw new UserError(
        'usage',
        `clients: those of ${[...under.origins.keys()].join(', ')} are recorded already. Name all containers in one call, clients(['n1', 'n2'], …), or check() what is recorded first.`,
      )
    const places = await this.#containers.serve(names, port)
    const recording = await record({
      ...rest,
      upstream: Object.fromEntries([...places].map(([name, at]) => [name, `${at.host}:${at.port}`])),
      as: typeof as === 'string' ? as : JSON.stringify(as),
    })
    this.#recording = recording
    this.#judged = undefined
    this.#faults.noteIn(recording)
    return typeof wanted === 'string' ? recording.address(wanted) : names.map((name) => recording.address(name))
  }

  /**
   * Heals everything, ends the recording, and judges it by a level, such as `linearizable` or `eventual`. Resolves with
   * the run if it meets the level; may be called again for another level.
   *
   * @throws AssertionError with the drawn counterexample if it does not, and if the verdict is unknown or the run
   * proves nothing. UserError if nothing is recorded, there is no such level, or links could not follow their
   * containers.
   */
  async check(level: string): Promise<Run> {
    const recording = this.#recording
    if (recording === undefined)
      throw new UserError(
        'usage',
        'check: nothing is recorded. Call clients() and let the clients use its address first.',
      )
    await this.heal()
    this.#faults.noteIn(undefined)
    this.#judged ??= recording.stop()
    const run = await this.#judged
    assertLevel(run, level)
    const [trouble] = this.#containers.trouble
    if (trouble === undefined) return run
    throw new UserError(
      'environment',
      `check: the history is ${level}, but some faults may not have taken effect: ${trouble}`,
    )
  }

  /** Heals everything and takes the proxy away: the containers are left as they were found. */
  async close(): Promise<void> {
    // A container that was stopped meanwhile must not keep the others from being released.
    await Promise.allSettled([this.heal()])
    await Promise.allSettled([this.#judged ?? this.#recording?.stop()])
    await this.#containers.close()
  }

  #underWay(): Recording | undefined {
    return this.#judged === undefined ? this.#recording : undefined
  }
}
