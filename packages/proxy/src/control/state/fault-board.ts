import { linkName, type TcpFault, type TrafficFault } from '@chaosproxy/faults'
import type { HitRequest } from '../../link/rule.ts'
import { shorten } from './address.ts'
import { ControlError } from './errors.ts'
import type { EventLog } from './events.ts'
import type { FaultJournal } from './fault-notes.ts'
import type { InForce } from './in-force.ts'
import type { Injector } from './injector.ts'
import { validateName } from './names.ts'

/** The source of a fault. Replacing all faults of one origin keeps the faults of all other origins. */
export type FaultOrigin = 'api' | 'toxic' | 'partition' | 'rules'

export interface NamedFault {
  readonly name: string
  readonly fault: TrafficFault
  readonly origin: FaultOrigin
  readonly lease: string | undefined
  readonly hits: number
  /** The number of times that the fault should have hit but could not; `missedBecause` is the latest reason. */
  readonly missed: number
  readonly missedBecause: string | undefined
  /** The requests that the fault hit last; empty for faults that do not hit requests. */
  readonly recent: readonly HitRequest[]
}

export interface FaultToAdd {
  readonly name: string
  readonly fault: TrafficFault
  readonly origin: FaultOrigin
  readonly lease?: string | undefined
}

/** All faults in force: toxics, partitions, members of rule sets and single faults. */
export interface FaultBoard {
  /** Incremented whenever a fault begins, ends or changes, and whenever a rule set comes into force. */
  readonly epoch: number
  list(): readonly NamedFault[]
  /** @throws ControlError (404) */
  get(name: string): NamedFault
  /** @throws ControlError (409) if the name is taken, UserError if a parameter is invalid; then nothing is added. */
  add(fault: FaultToAdd): NamedFault
  /**
   * Changes the fault. A TCP fault keeps its state if its kind and links stay the same. For any other fault, the new
   * version is applied before the old version is removed. @throws ControlError (404)
   */
  update(name: string, fault: TrafficFault): NamedFault
  /** @throws ControlError (404) */
  remove(name: string): void
  removeWhere(matches: (fault: NamedFault) => boolean): void
  /**
   * Atomically makes `faults` the only faults of `origin`: no byte passes while only a part of them is in force. An
   * unchanged fault keeps its state.
   *
   * @throws as `add`, and changes nothing.
   */
  replaceAll(origin: FaultOrigin, faults: readonly FaultToAdd[]): void
  /** Emits an event for every fault whose number of hits changed since the last call. */
  reportHits(): void
  /**
   * Reports every fault as healed, but does not release the bytes that the faults hold. Called when the network closes.
   */
  close(): void
}

interface Entry extends FaultToAdd {
  readonly applied: InForce
  /** The hits of this fault's earlier versions, which this version replaced. */
  readonly earlierHits: number
  reportedHits: number
  readonly notedHits: number
}

const LONGEST_NAME = 600

export const createFaultBoard = (injector: Injector, events: EventLog, journal: FaultJournal | undefined): FaultBoard =>
  new LiveFaultBoard(injector, events, journal)

class LiveFaultBoard implements FaultBoard {
  readonly #injector: Injector
  readonly #events: EventLog
  readonly #journal: FaultJournal | undefined
  readonly #entries: Map<string, Entry> = new Map()
  #epoch = 0

  constructor(injector: Injector, events: EventLog, journal: FaultJournal | undefined) {
    this.#injector = injector
    this.#events = events
    this.#journal = journal
  }

  get epoch(): number {
    return this.#epoch
  }

  list(): readonly NamedFault[] {
    return [...this.#entries.values()].map(viewOf)
  }

  get(name: string): NamedFault {
    return viewOf(this.#find(name))
  }

  add(fault: FaultToAdd): NamedFault {
    validateNew(this.#entries, fault)
    const applied = this.#injector.apply(fault.fault)
    this.#beginEpoch()
    return viewOf(this.#begin(fault, applied))
  }

  update(name: string, fault: TrafficFault): NamedFault {
    const entry = this.#find(name)
    const changed = { ...entry, fault, ...changeInForce(this.#injector, entry, fault), notedHits: hitsOf(entry) }
    this.#entries.set(name, changed)
    this.#beginEpoch()
    this.#noteEnd(entry, changed.notedHits)
    this.#journal?.began(changed)
    this.#events.emit({ type: 'fault-changed', fault: name, what: summaryOf(fault) })
    return viewOf(changed)
  }

  remove(name: string): void {
    this.#remove(this.#find(name))
  }

  removeWhere(matches: (fault: NamedFault) => boolean): void {
    for (const entry of [...this.#entries.values()]) if (matches(viewOf(entry))) this.#remove(entry)
  }

  replaceAll(origin: FaultOrigin, wanted: readonly FaultToAdd[]): void {
    const before = [...this.#entries.values()].filter((entry) => entry.origin === origin)
    const { gone, added } = differences(before, wanted)
    for (const fault of added) if (gone.every((entry) => entry.name !== fault.name)) validateNew(this.#entries, fault)
    // New faults begin before old faults end. A link that is cut by an old and by a new fault stays cut in between.
    const applied = applyAll(this.#injector, added)
    this.#beginEpoch()
    for (const entry of gone) this.#takeOut(entry)
    for (const [fault, inForce] of applied) this.#begin(fault, inForce)
  }

  reportHits(): void {
    for (const entry of this.#entries.values()) {
      const hits = hitsOf(entry)
      if (hits === entry.reportedHits) continue
      entry.reportedHits = hits
      this.#events.emit({ type: 'fault-hit', fault: entry.name, hits })
    }
  }

  close(): void {
    for (const entry of this.#entries.values()) this.#announceRemoved(entry)
    this.#entries.clear()
  }

  #find(name: string): Entry {
    const entry = this.#entries.get(name)
    if (entry === undefined) throw new ControlError(404, `there is no fault "${shorten(name)}"`)
    return entry
  }

  #beginEpoch(): void {
    this.#epoch++
    if (this.#journal !== undefined) this.#journal.epoch = this.#epoch
  }

  /** Adds an applied fault to the board. A `reset` acts only once, so it is not kept. */
  #begin(wanted: FaultToAdd, applied: InForce): Entry {
    const { name, fault } = wanted
    const entry = { ...wanted, applied, earlierHits: 0, reportedHits: 0, notedHits: 0 }
    this.#events.emit({ type: 'fault-added', fault: name, what: summaryOf(fault) })
    this.#journal?.began(wanted)
    if (fault.kind === 'reset') this.#noteEnd(entry)
    else this.#entries.set(name, entry)
    return entry
  }

  #remove(entry: Entry): void {
    // Begin the new epoch first. Removing the fault releases the bytes that it held, and these bytes belong to the new
    // epoch.
    this.#beginEpoch()
    this.#takeOut(entry)
  }

  #takeOut(entry: Entry): void {
    this.#entries.delete(entry.name)
    entry.applied.remove()
    this.#announceRemoved(entry)
  }

  #announceRemoved(entry: Entry): void {
    this.#events.emit({ type: 'fault-removed', fault: entry.name, what: summaryOf(entry.fault) })
    this.#noteEnd(entry)
  }

  #noteEnd({ name, fault, ...entry }: Entry, hits: number = hitsOf(entry)): void {
    this.#journal?.ended({ name, fault, hits: hits - entry.notedHits })
  }
}

/** @throws ControlError (400) if the name is too long, (409) if it is taken. */
function validateNew(entries: ReadonlyMap<string, Entry>, { name }: FaultToAdd): void {
  validateName('a fault', name, LONGEST_NAME)
  const taken = entries.get(name)
  if (taken !== undefined) throw new ControlError(409, `there is a fault "${shorten(name)}" already (${taken.origin})`)
}

/** Applies all faults, or none if one fails. */
function applyAll(injector: Injector, faults: readonly FaultToAdd[]): ReadonlyMap<FaultToAdd, InForce> {
  const applied = new Map<FaultToAdd, InForce>()
  try {
    for (const fault of faults) applied.set(fault, injector.apply(fault.fault))
  } catch (error) {
    for (const half of applied.values()) half.remove()
    throw error
  }
  return applied
}

/**
 * Updates the fault in place if kind and links are the same. Otherwise applies the new version before it removes the
 * old version.
 */
function changeInForce(injector: Injector, entry: Entry, fault: TrafficFault): Pick<Entry, 'applied' | 'earlierHits'> {
  const { applied, earlierHits } = entry
  if (applied.update !== undefined && isSameHarm(entry.fault, fault)) {
    applied.update(fault as TcpFault)
    return { applied, earlierHits }
  }
  const next = injector.apply(fault)
  applied.remove()
  return { applied: next, earlierHits: hitsOf(entry) }
}

/**
 * Returns the faults that end and the faults that begin when `wanted` replaces `before`. @throws ControlError (400) for
 * a name given twice.
 */
function differences(
  before: readonly Entry[],
  wanted: readonly FaultToAdd[],
): { readonly gone: readonly Entry[]; readonly added: readonly FaultToAdd[] } {
  const twice = wanted.find((fault, i) => wanted.findIndex((other) => other.name === fault.name) !== i)
  if (twice !== undefined) throw new ControlError(400, `the fault "${shorten(twice.name)}" is named twice`)
  const kept = before.filter((entry) => wanted.some((fault) => isSame(entry, fault)))
  const gone = before.filter((entry) => !kept.includes(entry))
  const added = wanted.filter((fault) => !kept.some((entry) => isSame(entry, fault)))
  return { gone, added }
}

const viewOf = (entry: Entry): NamedFault => {
  const { name, fault, origin, lease } = entry
  return {
    name,
    fault,
    origin,
    lease,
    hits: hitsOf(entry),
    missed: entry.applied.missed ?? 0,
    missedBecause: entry.applied.missedBecause,
    recent: entry.applied.recent ?? [],
  }
}

const hitsOf = ({ applied, earlierHits }: Pick<Entry, 'applied' | 'earlierHits'>): number => earlierHits + applied.hits

const isSameHarm = (a: TrafficFault, b: TrafficFault): boolean =>
  a.kind === b.kind && a.links.map(linkName).join() === b.links.map(linkName).join()

const isSame = (entry: Entry, wanted: FaultToAdd): boolean =>
  entry.name === wanted.name && JSON.stringify(entry.fault) === JSON.stringify(wanted.fault)

/** Summarizes a fault for events and logs: `latency on clients>db`. */
function summaryOf({ kind, links }: TrafficFault): string {
  const named = links.slice(0, MOST_LINKS_NAMED).map(linkName)
  const more = links.length > named.length ? ` and ${links.length - named.length} more` : ''
  return `${kind} on ${named.join(' ')}${more}`
}

const MOST_LINKS_NAMED = 100
