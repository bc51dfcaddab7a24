import { type Link, linksBetween, parseTrafficFault, tcpFamily, trafficFaultKinds } from '@chaosproxy/faults'
import { type ContainerNetwork, openContainerNetwork } from '@chaosproxy/targets'
import { type FaultDraft, type RecordDraft, type Recording, type Run, record, UserError } from 'chaosproxy'
import { assertLevel } from 'chaosproxy/matchers'
import { type ActiveFaults, createActiveFaults, type Heal } from './active-faults.ts'

export type { Heal } from './active-faults.ts'

/** A running container: a `StartedTestContainer` of testcontainers, or any object with an id. */
export interface StartedContainer {
  /** The id in Docker or Podman. */
  getId(): string
}

/** Options for opening a network. */
export interface NetworkOptions {
  /** The seed of the faults; by default 1. */
  readonly seed?: number | undefined
}

/** The clients' protocol and the model of their history. */
export interface ClientsDraft extends Pick<RecordDraft, 'model' | 'initial' | 'timeoutMs' | 'out'> {
  /** The port within the containers. */
  readonly port: number
  /**
   * The protocol: a route table or its path, `resp` (Redis), or `{"kind":"postgresql","table":"kv"}`, as for `record`.
   */
  readonly as: string | object
}

const WHERE = 'ChaosNetwork.between'

/** Proxies on every link between the containers of a test. The containers run unchanged. */
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
   * Puts proxies between containers that run on this machine, under the given names. Requires Linux and root (or the
   * network of a rootless Podman), but no changes to the containers.
   *
   * @throws UserError (usage) for a reserved name, (environment) if the proxies cannot get between the containers, with
   * the reason and the remedy.
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
        `${WHERE}: a container cannot be called ${JSON.stringify(odd)}. Use letters, digits, "_", "." and "-", such as n1. The name "clients" is reserved.`,
      )
    return new ChaosNetwork([...ids.keys()], await openContainerNetwork({ where: WHERE, ids, seed }))
  }

  /** Drops all traffic from `from` to `to`; the other direction passes. Either end may be `clients`. */
  cut(from: string, to: string): Promise<Heal> {
    return this.#partition([{ from, to }])
  }

  /** Delays everything that one container sends to another. */
  delay(from: string, to: string, latencyMs: number): Promise<Heal> {
    return this.hurt({ kind: 'latency', latencyMs, links: [{ from, to }] })
  }

  /** Cuts all links between containers of different groups. Containers in no group still reach all. */
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
   * Injects any connection fault of chaosproxy on the given links: `{ kind: 'bandwidth', bytesPerSecond: 1000, links:
   * ['n1>n2'] }`. Faults of requests need recorded clients. Resolves once the fault is in force, with a function that
   * heals it.
   *
   * @throws UserError for an unknown fault, or a fault that cannot be injected into these links.
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

  heal(): Promise<void> {
    return this.#faults.healAll()
  }

  /**
   * Starts recording the clients of a container. Resolves with the `host:port` that the clients dial. For several
   * names, resolves with one `host:port` for each name. All operations until `check` form one history, so a single call
   * must name all containers whose clients are recorded.
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
        `clients: ${unknown === undefined ? 'no container is named' : `there is no container ${unknown} in this network`}. There are ${this.#names.join(', ')}.`,
      )
    const under = this.#underWay()
    if (under !== undefined)
      throw new UserError(
        'usage',
        `clients: the clients of ${[...under.origins.keys()].join(', ')} are recorded already. Name all containers in one call, clients(['n1', 'n2'], …), or call check() first.`,
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
   * Heals all faults, ends the recording, and judges the history by a level, such as `linearizable` or `eventual`.
   * Resolves with the run if the history meets the level. May be called again for another level.
   *
   * @throws AssertionError with the drawn counterexample if the history does not meet the level.
   * @throws AssertionError if the verdict is unknown, or the run proves nothing.
   * @throws UserError if nothing is recorded, the level does not exist, or links could not follow their containers.
   */
  async check(level: string): Promise<Run> {
    const recording = this.#recording
    if (recording === undefined)
      throw new UserError(
        'usage',
        'check: nothing is recorded. First let clients dial the address that clients() returns.',
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

  /** Heals all faults and removes the proxies. */
  async close(): Promise<void> {
    // One container may have stopped, but the others must be released.
    await Promise.allSettled([this.heal()])
    await Promise.allSettled([this.#judged ?? this.#recording?.stop()])
    await this.#containers.close()
  }

  #underWay(): Recording | undefined {
    return this.#judged === undefined ? this.#recording : undefined
  }
}
