import type { ClusterChange } from '@chaosproxy/runner/result'
import type { Member } from './members.ts'

export interface ContainerChanges {
  /** Returns the changes since the last call; none at the first. */
  look(members: readonly Member[]): readonly ClusterChange[]
  /** Notes which nodes still dial the old address of another node, if no container has this address any more. */
  lookForStale(members: readonly Member[], dialling: Dialling, nowMs: number): void
  /** Returns a line about all changes so far, if any. */
  summary(): string | undefined
}

type Seen =
  | { readonly id: string; readonly startedAtMs: number | undefined; readonly addresses: readonly string[] }
  | undefined

/** @param followedMs Returns when the rules that redirect the links were last changed, in milliseconds since 1970. */
export function createContainerChanges(followedMs: () => number): ContainerChanges {
  const known = new Map<Member, Seen>()
  /** The last known addresses. Engines report no addresses of an ended container. */
  const addresses = new Map<Member, readonly string[]>()
  const all: ClusterChange[] = []
  /** Dials of old addresses, by node and address: `n1 10.0.0.2`. */
  const stale = new Map<string, StaleDial>()
  let looked = false

  function changeOf(member: Member): ClusterChange | undefined {
    const { endpoint, container } = member
    const before = known.get(member)
    const isNew = !known.has(member)
    const now = container.running
      ? { id: container.id, startedAtMs: container.startedAtMs, addresses: addressesOf(member) }
      : undefined
    known.set(member, now)
    const [from, to] = [addresses.get(member), now?.addresses]
    if (to !== undefined) addresses.set(member, to)
    const about = { node: endpoint, container: container.name }
    if (now === undefined) return before === undefined ? undefined : { what: 'left', ...about }
    if (before?.id === now.id && before.startedAtMs === now.startedAtMs) return undefined
    const followed =
      now.startedAtMs === undefined ? {} : { followedAfterMs: Math.max(0, Math.round(followedMs() - now.startedAtMs)) }
    const gone = (from ?? []).filter((address) => to?.includes(address) === false)
    const moved =
      gone.length === 0 || to === undefined
        ? {}
        : { moved: { from: gone, to: to.filter((address) => from?.includes(address) === false) } }
    return { what: isNew ? 'joined' : 'started', ...about, ...followed, ...moved }
  }

  return {
    look(members) {
      const changes = members.flatMap((member) => changeOf(member) ?? [])
      const isFirst = !looked
      looked = true
      if (isFirst) return []
      all.push(...changes)
      return changes
    },
    lookForStale(members, dialling, nowMs) {
      const taken = new Set(members.flatMap(addressesOf))
      const settled = members.filter(
        ({ container: { running, startedAtMs } }) => running && nowMs - (startedAtMs ?? nowMs) > DIALS_FOR_MS,
      )
      for (const { endpoint } of settled) {
        const moves = all.filter(({ node }) => node === endpoint).flatMap(({ moved }) => moved ?? [])
        for (const address of moves.flatMap(({ from }) => from).filter((each) => !taken.has(each)))
          for (const { endpoint: by, container } of members)
            if (by !== endpoint && container.running && dialling(container.pid, [address]).length > 0)
              stale.set(`${by} ${address}`, { by, address, node: endpoint })
      }
    },
    summary: () =>
      all.length === 0 ? undefined : [summaryOf(all), ...staleTexts(all, [...stale.values()])].join('. '),
  }
}

/** Returns which of the addresses a process is dialling, without a reply yet. */
type Dialling = (pid: number, addresses: readonly string[]) => readonly string[]

interface StaleDial {
  readonly by: string
  readonly address: string
  readonly node: string
}

/**
 * The longest duration of a dial, in milliseconds. Once a container has run for longer at its new address, any dial of
 * its old address that is still in progress began after the container's start.
 */
const DIALS_FOR_MS = 5_000

const addressesOf = ({ container }: Member): readonly string[] =>
  container.running ? container.networks.map(({ address }) => address) : []

/** Describes the nodes that still dialled an old address. The run did not cause their failures. */
function staleTexts(all: readonly ClusterChange[], stale: readonly StaleDial[]): readonly string[] {
  return [...new Set(stale.map(({ node }) => node))].map((node) => {
    const own = stale.filter((each) => each.node === node)
    const diallers = [...new Set(own.map(({ by }) => by))]
    const old = [...new Set(own.map(({ address }) => address))]
    const now = all.findLast((change) => change.node === node && change.moved !== undefined)?.moved?.to ?? []
    return `${node} came back at another address (${now.join(', ')}, before ${old.join(', ')}), and ${diallers.join(', ')} kept dialling the old one, so ${diallers.length === 1 ? 'it does' : 'they do'} not reach ${node}: resolve the name for each connection, or give ${node} a fixed address (ipv4_address in the Compose file)`
  })
}

function summaryOf(all: readonly ClusterChange[]): string {
  const counted = (['joined', 'left', 'started'] as const).flatMap((what) => {
    const nodes = all.filter((change) => change.what === what).map(({ node }) => node)
    return nodes.length === 0 ? [] : [`${nodes.length} ${WORDS[what]} (${[...new Set(nodes)].join(', ')})`]
  })
  const times = all.flatMap(({ followedAfterMs }) => followedAfterMs ?? []).toSorted((a, b) => a - b)
  const [shortest] = times
  const longest = times.at(-1)
  const followed =
    shortest === undefined || longest === undefined
      ? ''
      : `; their links led through the proxy ${shortest === longest ? longest : `${shortest} to ${longest}`} ms after they had started`
  return `containers: ${counted.join(', ')}${followed}`
}

const WORDS = { joined: 'joined', left: 'left', started: 'started again' } as const
