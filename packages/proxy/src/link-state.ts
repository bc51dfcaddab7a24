import type { Link, Random } from '@chaos/faults'
import { linkName } from '@chaos/faults'
import type { Rules } from './delivery.ts'
import { combineFaults, noRules, queueLimitBytes } from './delivery.ts'
import type { StandingFault } from './link-fault.ts'

/** What one link has carried and suffered since the network was made. */
export interface LinkStatistics {
  /** Bytes and reads that came in from the sender. */
  readonly bytes: number
  readonly chunks: number
  /** Of those bytes, the ones a drop discarded. */
  readonly droppedBytes: number
  /** Connections that ever used the link, and those that do now. */
  readonly connections: number
  readonly liveConnections: number
  /** How often a fault of the link bit: chunks and stream ends delayed, held or dropped; dials put off; resets. */
  readonly hits: number
}

/** A connection, as its links see it. */
export interface Carrier {
  /** The rules of this link are different now. */
  rulesChanged(link: LinkState): void
  /** Ends both sides by RST, at once. */
  abort(): void
  /** How many chunks wait in the direction that this link is. */
  waiting(link: LinkState): number
}

/** One standing fault and how often it bit, over all its links. */
export interface Affliction {
  readonly fault: StandingFault
  hits: number
}

/** One named direction between two endpoints: the faults on it, and the live connections that it is a direction of. */
export class LinkState {
  readonly name: string
  /** The faults in force, combined; replaced, never changed in place. */
  rules: Rules = noRules
  /** How much of one direction of one connection may wait before its sender is stopped. */
  queueLimitBytes: number = queueLimitBytes(noRules)
  /** False: bytes pass straight through, without queue or timer. */
  faulted = false
  bytes = 0
  chunks = 0
  droppedBytes = 0
  hits = 0
  connections = 0
  readonly #random: Random
  readonly #carriers: Set<Carrier> = new Set()
  #afflictions: readonly Affliction[] = []

  constructor(link: Link, random: Random) {
    this.name = linkName(link)
    this.#random = random.fork(this.name)
  }

  /** Gives the connection its own stream of chance on this link: a function of the seed, the link and its number. */
  join(carrier: Carrier): () => Random {
    this.#carriers.add(carrier)
    this.connections++
    const label = String(this.connections)
    return () => this.#random.fork(label)
  }

  leave(carrier: Carrier): void {
    this.#carriers.delete(carrier)
  }

  get carriers(): ReadonlySet<Carrier> {
    return this.#carriers
  }

  /** The caller tells the carriers, once every link of the fault is changed. */
  add(affliction: Affliction): void {
    this.#setAfflictions([...this.#afflictions, affliction])
    let waiting = 0
    for (const carrier of this.#carriers) waiting += carrier.waiting(this)
    affliction.hits += waiting
    this.hits += waiting
  }

  /** As with `add`, the caller tells the carriers. */
  remove(affliction: Affliction): void {
    this.#setAfflictions(this.#afflictions.filter((other) => other !== affliction))
  }

  /** Something met the faults in force. */
  hit(): void {
    if (this.#afflictions.length === 0) return
    this.hits++
    for (const affliction of this.#afflictions) affliction.hits++
  }

  statistics(): LinkStatistics {
    return {
      bytes: this.bytes,
      chunks: this.chunks,
      droppedBytes: this.droppedBytes,
      connections: this.connections,
      liveConnections: this.#carriers.size,
      hits: this.hits,
    }
  }

  #setAfflictions(afflictions: readonly Affliction[]): void {
    this.#afflictions = afflictions
    this.faulted = afflictions.length > 0
    this.rules = this.faulted ? combineFaults(afflictions.map(({ fault }) => fault)) : noRules
    this.queueLimitBytes = queueLimitBytes(this.rules)
  }
}
