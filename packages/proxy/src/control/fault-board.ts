import { linkName, type TcpFault, type TrafficFault } from '@chaosproxy/faults'
import type { Recorder } from '../recorder/recorder.ts'
import { shorten } from './address.ts'
import { ControlError } from './errors.ts'
import type { EventLog } from './events.ts'
import type { InForce } from './in-force.ts'
import type { Injector } from './injector.ts'

/** Who put a fault there; what one put there, another does not replace by accident. */
export type FaultOrigin = 'api' | 'toxic' | 'partition' | 'rules'

/** A fault in force, by name. */
export interface NamedFault {
  readonly name: string
  readonly fault: TrafficFault
  readonly origin: FaultOrigin
  /** The lease it lives by. */
  readonly lease: string | undefined
  /** How often it bit so far. */
  readonly hits: number
  /** How much it might have hit, but could not: too long to be held, or not to be read. */
  readonly missed: number
}

export interface FaultToAdd {
  readonly name: string
  readonly fault: TrafficFault
  readonly origin: FaultOrigin
  readonly lease?: string | undefined
}

/** All faults in force, be they toxics, partitions, members of a rule set or single ones. */
export interface FaultBoard {
  /** How often what is in force changed: with every fault that begins, ends or is another, and every rule set. */
  readonly epoch: number
  /** In the order they were added. */
  list(): readonly NamedFault[]
  /** @throws ControlError (404) */
  get(name: string): NamedFault
  /** @throws ControlError (409) where the name is taken, UserError where a number makes no sense; nothing is added then. */
  add(fault: FaultToAdd): NamedFault
  /** Its state (draws, counters, what waits) is kept. @throws ControlError (404) */
  update(name: string, fault: TrafficFault): NamedFault
  /** @throws ControlError (404) */
  remove(name: string): void
  removeWhere(matches: (fault: NamedFault) => boolean): void
  /**
   * Makes these the only faults of that origin, in one step: no byte sees half of it. One that is just as before is
   * left alone, with its state.
   *
   * @throws as `add`; then everything is as before.
   */
  replaceAll(origin: FaultOrigin, faults: readonly FaultToAdd[]): void
  /** Tells of every fault whose hits changed since this was last called. */
  reportHits(): void
  /** The network ends, and every fault with it: nothing goes on that was held, but each is told to be healed. */
  close(): void
}

interface Entry extends FaultToAdd {
  readonly applied: InForce
  /** Of what was in force under its name before. */
  readonly earlierHits: number
  reportedHits: number
}

const LONGEST_NAME = 600

/** @param record is told of each fault that begins or is healed, and of the epoch, so that histories say when what was hurt. */
export function createFaultBoard(
  injector: Injector,
  events: EventLog,
  record: Pick<Recorder, 'note' | 'epoch'> | undefined,
): FaultBoard {
  const entries: Map<string, Entry> = new Map()
  let epoch = 0

  function beginEpoch(): void {
    epoch++
    if (record !== undefined) record.epoch = epoch
  }

  const { announceAdded, announceRemoved, recordHeal } = announcements(events, record)

  /** A reset is done once it is applied: nothing of it remains in force. */
  function begin(wanted: FaultToAdd, applied: InForce): Entry {
    const entry = { ...wanted, applied, earlierHits: 0, reportedHits: 0 }
    announceAdded(wanted)
    if (wanted.fault.kind === 'reset') recordHeal(entry)
    else entries.set(wanted.name, entry)
    return entry
  }

  function find(name: string): Entry {
    const entry = entries.get(name)
    if (entry === undefined) throw new ControlError(404, `there is no fault "${shorten(name)}"`)
    return entry
  }

  function remove(entry: Entry): void {
    // What it held goes on within the call, and belongs to the new epoch.
    beginEpoch()
    takeOut(entry)
  }

  function takeOut(entry: Entry): void {
    entries.delete(entry.name)
    entry.applied.remove()
    announceRemoved(entry)
  }

  function replaceAll(origin: FaultOrigin, wanted: readonly FaultToAdd[]): void {
    const before = [...entries.values()].filter((entry) => entry.origin === origin)
    const { gone, added } = differences(before, wanted)
    for (const fault of added) if (gone.every((entry) => entry.name !== fault.name)) validateNew(entries, fault)
    // New ones first: what both the old and the new set cut stays cut, and nothing slips through between.
    const applied = applyAll(injector, added)
    beginEpoch()
    for (const entry of gone) takeOut(entry)
    for (const [fault, inForce] of applied) begin(fault, inForce)
  }

  return {
    get epoch() {
      return epoch
    },
    list: () => [...entries.values()].map(viewOf),
    get: (name) => viewOf(find(name)),
    add(fault) {
      validateNew(entries, fault)
      const applied = injector.apply(fault.fault)
      beginEpoch()
      return viewOf(begin(fault, applied))
    },
    update(name, fault) {
      const entry = find(name)
      const changed = { ...entry, fault, ...changeInForce(injector, entry, fault) }
      entries.set(name, changed)
      beginEpoch()
      events.emit({ type: 'fault-changed', fault: name, what: summaryOf(fault) })
      return viewOf(changed)
    },
    remove: (name) => remove(find(name)),
    removeWhere(matches) {
      for (const entry of [...entries.values()]) if (matches(viewOf(entry))) remove(entry)
    },
    replaceAll,
    reportHits: () => reportHits(entries, events),
    close() {
      for (const entry of entries.values()) announceRemoved(entry)
      entries.clear()
    },
  }
}

/** What tells the events and the record of faults that begin and end. */
function announcements(events: EventLog, record: Pick<Recorder, 'note'> | undefined) {
  function announceAdded({ name, fault }: FaultToAdd): void {
    events.emit({ type: 'fault-added', fault: name, what: summaryOf(fault) })
    record?.note(fault.kind, { id: name, links: fault.links.map(linkName) })
  }

  function announceRemoved(entry: Entry): void {
    const { name, fault } = entry
    events.emit({ type: 'fault-removed', fault: name, what: summaryOf(fault) })
    recordHeal(entry)
  }

  const recordHeal = (entry: Entry): void =>
    record?.note('heal', { id: entry.name, fault: entry.fault.kind, hits: hitsOf(entry) })

  return { announceAdded, announceRemoved, recordHeal }
}

/** @throws ControlError (400) for the length of its name, (409) where that is taken. */
function validateNew(entries: ReadonlyMap<string, Entry>, { name }: FaultToAdd): void {
  if (name === '' || name.length > LONGEST_NAME)
    throw new ControlError(400, `the name of a fault has from 1 to ${LONGEST_NAME} letters`)
  const taken = entries.get(name)
  if (taken !== undefined) throw new ControlError(409, `there is a fault "${shorten(name)}" already (${taken.origin})`)
}

/** Puts all of them into force, or none. */
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

/** In place where it is the same kind on the same links; the new one begins before the old one ends otherwise. */
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

/** What ends and what begins when these take the place of those before. @throws ControlError (400) for one named twice. */
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

function reportHits(entries: ReadonlyMap<string, Entry>, events: EventLog): void {
  for (const entry of entries.values()) {
    const hits = hitsOf(entry)
    if (hits === entry.reportedHits) continue
    entry.reportedHits = hits
    events.emit({ type: 'fault-hit', fault: entry.name, hits })
  }
}

const viewOf = (entry: Entry): NamedFault => {
  const { name, fault, origin, lease } = entry
  return { name, fault, origin, lease, hits: hitsOf(entry), missed: entry.applied.missed ?? 0 }
}

const hitsOf = ({ applied, earlierHits }: Entry): number => earlierHits + applied.hits

const isSameHarm = (a: TrafficFault, b: TrafficFault): boolean =>
  a.kind === b.kind && a.links.map(linkName).join() === b.links.map(linkName).join()

const isSame = (entry: Entry, wanted: FaultToAdd): boolean =>
  entry.name === wanted.name && JSON.stringify(entry.fault) === JSON.stringify(wanted.fault)

/** `latency on clients>db`, for events and logs. */
const summaryOf = (fault: TrafficFault): string => `${fault.kind} on ${fault.links.map(linkName).join(' ')}`
