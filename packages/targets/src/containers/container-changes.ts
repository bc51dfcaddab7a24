import type { ClusterChange } from '@chaosproxy/runner/result'
import type { Member } from './members.ts'

/** Notices what became of containers between one look at them and the next. */
export interface ContainerChanges {
  /** What has changed since the last look, at which all links led through the proxy; nothing at the first look. */
  look(members: readonly Member[]): readonly ClusterChange[]
  /** A line about all changes so far; undefined if there were none. */
  summary(): string | undefined
}

/** A container as it was at the last look; undefined while it does not run. */
type Seen = { readonly id: string; readonly startedAtMs: number | undefined } | undefined

/** @param followedMs When the last links were led through the proxy, in milliseconds since 1970, as engines count. */
export function createContainerChanges(followedMs: () => number): ContainerChanges {
  const known = new Map<Member, Seen>()
  const all: ClusterChange[] = []
  let looked = false

  function changeOf(member: Member): ClusterChange | undefined {
    const { endpoint, container } = member
    const before = known.get(member)
    const isNew = !known.has(member)
    const now = container.running ? { id: container.id, startedAtMs: container.startedAtMs } : undefined
    known.set(member, now)
    const about = { node: endpoint, container: container.name }
    if (now === undefined) return before === undefined ? undefined : { what: 'left', ...about }
    if (before?.id === now.id && before.startedAtMs === now.startedAtMs) return undefined
    const followed =
      now.startedAtMs === undefined ? {} : { followedAfterMs: Math.max(0, Math.round(followedMs() - now.startedAtMs)) }
    return { what: isNew ? 'joined' : 'started', ...about, ...followed }
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
    summary: () => (all.length === 0 ? undefined : summaryOf(all)),
  }
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
