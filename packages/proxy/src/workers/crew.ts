import type { LinkStatistics } from '../link/link-state.ts'
import type { TroubleListener } from '../tcp/trouble.ts'
import type { WorkerCommand, WorkerReport } from './messages.ts'
import { startWorker, type WorkerHandle } from './worker-handle.ts'

export interface CrewOptions {
  readonly seed: string
  readonly workers: number
  readonly troubled: TroubleListener
}

/**
 * The workers of one network, all in the same state. A worker that dies is replaced; the new one gets all standing
 * commands in the order they were given.
 */
export class Crew {
  readonly #workers: Set<WorkerHandle> = new Set()
  /** By key, the command that puts a new worker into the state of the others. */
  readonly #standing: Map<string, WorkerCommand> = new Map()
  readonly #pending: Set<Promise<unknown>> = new Set()
  /** The last reports of dead workers. */
  readonly #retired: WorkerReport[] = []
  readonly #seed: string
  readonly #troubled: TroubleListener
  #numbers = 0
  #stopped = false

  private constructor({ seed, troubled }: CrewOptions) {
    this.#seed = seed
    this.#troubled = troubled
  }

  /** @throws UserError (environment) if a worker ends before it takes commands. */
  static async start(options: CrewOptions): Promise<Crew> {
    const crew = new Crew(options)
    for (let i = 0; i < options.workers; i++) crew.#workers.add(crew.#start())
    await Promise.all([...crew.#workers].map(({ ready }) => ready))
    return crew
  }

  /** A number that no worker, route or fault of this network has. */
  nextNumber(): number {
    return ++this.#numbers
  }

  /** Resolves with every worker's report once all have carried it out. @throws UserError if one refuses. */
  async tellAll(command: WorkerCommand): Promise<readonly WorkerReport[]> {
    const told = [...this.#workers].map((worker) => worker.tell(command))
    for (const each of told) this.#watch(each)
    return Promise.all(told)
  }

  /** As `tellAll`, for callers who do not wait: `settled` does, and a refusal is ignored. */
  tellSoon(command: WorkerCommand, done?: (answers: readonly WorkerReport[]) => void): void {
    this.#watch(this.tellAll(command).then(done))
  }

  /** Keeps a command for new workers, replacing the earlier one with that key. */
  remember(key: string, command: WorkerCommand): void {
    this.#standing.set(key, command)
  }

  remembers(key: string): boolean {
    return this.#standing.has(key)
  }

  /** Returns whether there was a command with that key. */
  forget(key: string): boolean {
    return this.#standing.delete(key)
  }

  liveConnections(route: number): number {
    return sum(this.#reports().map((report) => new Map(report.liveConnections).get(route) ?? 0))
  }

  /** Total hits according to the given reports, by default every worker's latest. */
  hits(fault: number, reports: readonly WorkerReport[] = this.#reports()): number {
    // A worker may have died since its reply; its retired report is then the same object.
    const all = [...new Set([...reports, ...this.#retired])]
    return sum(all.map(({ hits }) => new Map(hits).get(fault) ?? 0))
  }

  statistics(): ReadonlyMap<string, LinkStatistics> {
    return addUp(this.#reports(), this.#retired)
  }

  /** Resolves once every command given so far was carried out everywhere. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all([...this.#workers].map((worker) => worker.stop()))
  }

  #start(): WorkerHandle {
    return startWorker({
      seed: this.#seed,
      number: this.nextNumber(),
      died: (dead) => this.#replace(dead),
      troubled: this.#troubled,
    })
  }

  #replace(dead: WorkerHandle): void {
    this.#workers.delete(dead)
    this.#retired.push(dead.report)
    if (this.#stopped) return
    const next = this.#start()
    this.#workers.add(next)
    for (const command of this.#standing.values()) this.#watch(next.tell(command))
  }

  /**
   * Failures are ignored here: a refusal reaches the caller, and a replacement that refuses a route runs without it.
   */
  #watch(done: Promise<unknown>): void {
    const settled: Promise<unknown> = done.catch(() => undefined).finally(() => this.#pending.delete(settled))
    this.#pending.add(settled)
  }

  #reports(): readonly WorkerReport[] {
    return [...this.#workers].map(({ report }) => report)
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

function addUp(live: readonly WorkerReport[], retired: readonly WorkerReport[]): ReadonlyMap<string, LinkStatistics> {
  const total: Map<string, LinkStatistics> = new Map()
  for (const report of [...live, ...retired])
    for (const [link, seen] of report.statistics) {
      const before = total.get(link)
      const isLive = live.includes(report)
      total.set(link, {
        bytes: (before?.bytes ?? 0) + seen.bytes,
        chunks: (before?.chunks ?? 0) + seen.chunks,
        deliveredBytes: (before?.deliveredBytes ?? 0) + seen.deliveredBytes,
        droppedBytes: (before?.droppedBytes ?? 0) + seen.droppedBytes,
        connections: (before?.connections ?? 0) + seen.connections,
        liveConnections: (before?.liveConnections ?? 0) + (isLive ? seen.liveConnections : 0),
        failedDials: (before?.failedDials ?? 0) + seen.failedDials,
        failedAccepts: (before?.failedAccepts ?? 0) + seen.failedAccepts,
        hits: (before?.hits ?? 0) + seen.hits,
      })
    }
  return total
}
