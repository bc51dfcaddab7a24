import { familyOf, type Link, linkName, type TrafficFault } from '@chaosproxy/faults'
import type { HttpStatistics } from '../../http/http-link.ts'
import type { LinkStatistics } from '../../link/link-state.ts'
import type { Network } from '../../network/network.ts'
import { shorten } from '../state/address.ts'
import { recordedAs } from '../state/carriage.ts'
import { ControlError } from '../state/errors.ts'
import { createEventLog, type EventLog } from '../state/events.ts'
import { createFaultBoard, type FaultBoard, type FaultToAdd, type NamedFault } from '../state/fault-board.ts'
import type { FaultJournal, FaultNotes } from '../state/fault-notes.ts'
import { createInjector } from '../state/injector.ts'
import { createLeases, type Leases } from '../state/leases.ts'
import {
  createProxySet,
  linksOf,
  type ManagedProxy,
  type ProxyChange,
  type ProxySet,
  type ProxySettings,
} from '../state/proxies.ts'
import { createReaders } from '../state/readers.ts'
import type { ProxyRecording } from '../state/recording.ts'
import { createToxicChains, type ToxicChains } from '../toxics/toxics.ts'

/** The state behind every interface. API routes, config files and commands only read and change it. */
export interface ControlPlane {
  readonly proxies: Pick<ProxySet, 'list' | 'get' | 'isAt'>
  readonly faults: Pick<FaultBoard, 'list' | 'get' | 'reportHits' | 'epoch'>
  readonly toxics: ToxicChains
  readonly leases: Leases
  readonly events: EventLog
  /**
   * Adds the proxy with its toxics; adds nothing if one of them is invalid. @throws as ProxySet.create and
   * ToxicChains.add
   */
  addProxy(settings: ProxySettings, toxics?: readonly unknown[]): Promise<ManagedProxy>
  updateProxy(name: string, change: ProxyChange): Promise<ManagedProxy>
  removeProxy(name: string): Promise<void>
  /** Replaces all toxics of the proxy; replaces none if one of the new toxics is invalid. */
  replaceToxics(proxy: ManagedProxy, toxics: readonly unknown[]): void
  /**
   * @throws ControlError (400) if no proxy carries one of the links, or if the fault would have no effect on a link's
   * traffic; (404) if the lease has ended.
   */
  addFault(fault: FaultToAdd): NamedFault
  updateFault(name: string, fault: TrafficFault): NamedFault
  removeFault(name: string): void
  swapRules(faults: readonly FaultToAdd[]): void
  /** Toxiproxy's reset: removes all toxics and enables every proxy. */
  resetToxics(): Promise<void>
  /** Removes all faults and leases and enables every proxy. */
  resetAll(): Promise<void>
  statistics(): ReadonlyMap<string, LinkStatistics>
  /** Statistics of HTTP/1.1 requests so far, by the name of the link that carries them. */
  requests(): ReadonlyMap<string, HttpStatistics>
  readonly recording: ProxyRecording | undefined
  close(): void
}

export interface ControlPlaneOptions {
  readonly network: Network
  /** The network's seed. The randomness of message and request faults derives from it. */
  readonly seed: number | string
  readonly recording?: ProxyRecording | undefined
}

export function createControlPlane({ network, seed, recording }: ControlPlaneOptions): ControlPlane {
  const events = createEventLog()
  network.onTrouble((trouble) => events.emit(trouble))
  recording?.judging?.onViolation(({ key, position, sentence, noticedAfter, at }) =>
    events.emit({ type: 'violation', sentence, key, position, noticedAfter, file: at?.path, line: at?.line }),
  )
  const readers = createReaders({ seed, recording })
  const proxies = createProxySet({ network, ...readers })
  const validate = (fault: TrafficFault): void => validateTransport(fault, proxies.list())
  const faults = createFaultBoard(createInjector({ network, readers, validate }), events, journalOf(recording))
  const toxics = createToxicChains(faults)
  const leases = createLeases(events, (lease) => faults.removeWhere((fault) => fault.lease === lease))
  const parts: Parts = { proxies, faults, toxics, events, recording, validate }

  async function updateProxy(name: string, change: ProxyChange): Promise<ManagedProxy> {
    try {
      return await proxies.update(name, change)
    } finally {
      events.emit({ type: 'proxy-changed', proxy: name })
    }
  }

  async function removeProxy(name: string): Promise<void> {
    const proxy = proxies.get(name)
    await proxies.remove(name)
    toxics.removeAll(proxy)
    events.emit({ type: 'proxy-removed', proxy: name })
  }

  async function enableAll(): Promise<void> {
    for (const { name, enabled } of proxies.list()) if (!enabled) await updateProxy(name, { enabled: true })
    events.emit({ type: 'reset' })
  }

  function resetToxics(): Promise<void> {
    for (const proxy of proxies.list()) toxics.removeAll(proxy)
    return enableAll()
  }

  return {
    ...{ proxies, faults, toxics, leases, events },
    addProxy: (settings, given = []) => addProxy(parts, settings, given),
    updateProxy,
    removeProxy,
    replaceToxics: (proxy, wanted) => replaceToxics(toxics, proxy, wanted),
    addFault(fault) {
      validateLinks(proxies, fault.fault.links)
      if (fault.lease !== undefined) leases.get(fault.lease)
      return faults.add(fault)
    },
    updateFault(name, fault) {
      validateLinks(proxies, fault.links)
      return faults.update(name, fault)
    },
    removeFault: (name) => faults.remove(name),
    swapRules(wanted) {
      for (const { fault } of wanted) validateLinks(proxies, fault.links)
      faults.replaceAll('rules', wanted)
      events.emit({ type: 'rules-swapped', epoch: faults.epoch })
    },
    resetToxics,
    async resetAll() {
      for (const { id } of leases.list()) leases.end(id)
      faults.removeWhere(({ origin }) => origin !== 'toxic')
      await resetToxics()
    },
    statistics: network.statistics,
    requests: readers.requests,
    recording,
    close() {
      leases.close()
      faults.close()
    },
  }
}

/** Returns the journal of faults: the recording's own, or a new one that writes notes to the history. */
function journalOf(recording: ProxyRecording | undefined): FaultJournal | undefined {
  if (recording === undefined) return undefined
  const { recorder } = recording
  const noted: FaultNotes = recording.faults ?? {
    began: ({ name, fault }) => recorder.note(fault.kind, { id: name, links: fault.links.map(linkName) }),
    ended: ({ name, fault, hits }) => recorder.note('heal', { id: name, fault: fault.kind, hits }),
  }
  return {
    began: noted.began,
    ended: noted.ended,
    get epoch() {
      return recorder.epoch
    },
    set epoch(epoch) {
      recorder.epoch = epoch
    },
  }
}

/** What `addProxy` needs. */
interface Parts {
  readonly proxies: ProxySet
  readonly faults: FaultBoard
  readonly toxics: ToxicChains
  readonly events: EventLog
  readonly recording: ProxyRecording | undefined
  readonly validate: (fault: TrafficFault) => void
}

function asRecorded(settings: ProxySettings, recording: ProxyRecording | undefined): ProxySettings {
  const { carries, protocol } = settings
  if (recording?.carries === undefined || protocol === 'udp') return settings
  return { ...settings, carries: recordedAs(carries, recording.carries) }
}

async function addProxy(parts: Parts, requested: ProxySettings, given: readonly unknown[]): Promise<ManagedProxy> {
  const { proxies, faults, toxics, events, recording, validate } = parts
  const settings = asRecorded(requested, recording)
  const { carries } = settings
  if (typeof carries === 'object' && 'table' in carries && carries.table !== undefined)
    recording?.checkTable?.(carries.table, `proxy ${settings.name}: "carries"`)
  // The proxy is disabled at first, so that its toxics are in force before the first client can connect.
  const disabled = await proxies.create({ ...settings, enabled: false })
  try {
    // A fault that is already in force may act on the links of the new proxy. So each fault is validated again, now
    // with this proxy.
    for (const { fault } of faults.list()) validate(fault)
    for (const toxic of given) toxics.add(disabled, toxic)
    const proxy = settings.enabled ? await proxies.update(settings.name, { enabled: true }) : disabled
    events.emit({ type: 'proxy-added', proxy: settings.name })
    return proxy
  } catch (error) {
    toxics.removeAll(disabled)
    await proxies.remove(settings.name)
    throw error
  }
}

function replaceToxics(toxics: ToxicChains, proxy: ManagedProxy, wanted: readonly unknown[]): void {
  const before = toxics.list(proxy)
  toxics.removeAll(proxy)
  try {
    for (const toxic of wanted) toxics.add(proxy, toxic)
  } catch (error) {
    toxics.removeAll(proxy)
    for (const toxic of before) toxics.add(proxy, toxic)
    throw error
  }
}

const MOST_LINKS_NAMED = 12

function validateLinks(proxies: ProxySet, links: readonly Link[]): void {
  const known = proxies.list().flatMap((proxy) => linksOf(proxy).map(linkName))
  const stranger = links.map(linkName).find((link) => !known.includes(link))
  if (stranger === undefined) return
  const some = known.slice(0, MOST_LINKS_NAMED).join(', ')
  throw new ControlError(400, `no proxy carries the link ${shorten(stranger)}. Known: ${some || 'none yet'}.`)
}

/** The TCP faults that also act on datagrams, by dropping them. */
const CUTS: readonly TrafficFault['kind'][] = ['partition', 'blackhole']

/**
 * Rejects a fault that cannot act on its link: a run would appear to survive the fault.
 *
 * @throws ControlError (400) for a stream fault on a link that carries only datagrams, or the reverse.
 */
function validateTransport({ kind, links }: TrafficFault, proxies: readonly ManagedProxy[]): void {
  for (const link of links) {
    const protocols = proxies.filter((proxy) => carries(proxy, link)).map(({ protocol }) => protocol)
    const [protocol] = protocols
    if (protocol === undefined || protocols.some((other) => canAffect(kind, other))) continue
    const where = `${kind} on ${shorten(linkName(link))}`
    throw new ControlError(
      400,
      protocol === 'udp'
        ? `${where}: the link carries datagrams, on which only ${CUTS.join(', ')} and the faults of UDP act`
        : `${where}: the link carries TCP, and this fault acts on datagrams only`,
    )
  }
}

const carries = (proxy: ManagedProxy, link: Link): boolean => linksOf(proxy).map(linkName).includes(linkName(link))

const canAffect = (kind: TrafficFault['kind'], protocol: ManagedProxy['protocol']): boolean =>
  (familyOf(kind)?.name === 'udp') === (protocol === 'udp') || CUTS.includes(kind)
