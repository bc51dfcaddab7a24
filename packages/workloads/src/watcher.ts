import type { Random } from '@chaosproxy/faults'
import type { Input, Json } from '@chaosproxy/history'
import type { KeyPool } from './keys.ts'
import type { KnownStore } from './known-store.ts'
import type { Client } from './workload.ts'

/** The first two clients of each node are watchers, and its other clients are writers. */
export const isWatcher = (rank: number): boolean => rank < 2

/** The probability that a client ends its watch. The client's next watch resumes it. */
const ENDS = 0.02
/** A watch that starts in the past starts at one of the last `BACK` revisions. */
const BACK = 100
/** The maximum number of polls after healing. */
const MOST_IN_VAIN = 60

/** The store is empty at revision 1. */
const FIRST = 2

interface WatcherOptions {
  readonly random: Random
  readonly keys: KeyPool
  readonly store: KnownStore
  readonly name: () => number
  readonly future: number
}

/** Creates a client that requests a stream of changes, polls it, and resumes it after it ends. */
export function createWatcher({ random, keys, store, name, future }: WatcherOptions): Client {
  let current: Stream | undefined
  let isOpen = false
  let followed = 0
  let ended: Stream | undefined

  function begin(): Input {
    current = ended === undefined ? fresh() : { ...ended, id: name(), resumes: ended.id }
    return watchOf(current)
  }

  function fresh(): Stream {
    const id = name()
    const hasPrevious = random.chance(0.5)
    if (future > 0) return { id, key: undefined, next: store.last + future, hasPrevious }
    const deletion = store.deletions.shift()
    if (deletion !== undefined) return { id, key: deletion.key, next: deletion.revision, hasPrevious }
    const key = random.chance(0.5) ? keys.pick(random) : undefined
    const past = Math.max(store.compacted + 1, FIRST, store.last - random.integer(BACK))
    return { id, key, next: random.chance(0.5) && past <= store.last ? past : undefined, hasPrevious }
  }

  function step(): Input {
    if (current === undefined || !isOpen) return begin()
    return { f: 'watched', value: { watch: current.id } }
  }

  /** Returns the highest revision that the watch should show, as far as clients know. */
  function target(): number {
    if (current === undefined) return 0
    return current.key === undefined ? store.last : (store.ofKey.get(current.key) ?? 0)
  }

  function heard(responses: Json): void {
    if (current === undefined || !Array.isArray(responses)) return
    for (const response of responses as readonly ResponseText[]) {
      const revisions = [response.progress ?? 0, ...(response.events ?? []).map(({ revision }) => revision)]
      for (const { revision } of response.events ?? []) store.revisions.saw(revision)
      const next = Math.max(current.next ?? 0, ...revisions.map((revision) => revision + 1))
      if (revisions.some((revision) => revision > 0)) current = { ...current, next }
      if (response.ended === undefined) continue
      isOpen = false
      ended = response.compacted === undefined ? current : undefined
    }
  }

  return {
    next() {
      const isOver =
        current !== undefined && isOpen && (random.chance(ENDS) || (store.deletions.length > 0 && random.chance(0.5)))
      return isOver && current !== undefined ? { f: 'unwatch', value: { watch: current.id } } : step()
    },
    learned({ f }, completion) {
      const isDone = completion.type === 'ok'
      if (f === 'watch') {
        isOpen = isDone
        if (!isDone || current === undefined) return
        ended = undefined
        const present = (completion.value as { readonly revision?: number } | null)?.revision
        if (current.next === undefined && present !== undefined) current = { ...current, next: present + 1 }
      } else if (f === 'watched' && isDone) heard(completion.value)
      else if (f === 'watched' || f === 'unwatch') {
        isOpen = false
        ended = f === 'unwatch' && store.deletions.length > 0 ? undefined : current
      }
    },
    after() {
      const isThere = isOpen && current !== undefined && (current.next ?? 0) > target()
      if ((followed > 0 && isThere) || followed >= MOST_IN_VAIN) return undefined
      followed++
      return step()
    },
  }
}

function watchOf({ id, key, next, resumes, hasPrevious }: Stream): Input {
  const value: { [member: string]: Json } = { watch: id }
  if (key !== undefined) value['key'] = key
  if (next !== undefined) value['from'] = next
  if (resumes !== undefined) value['resumes'] = resumes
  if (hasPrevious) value['previous'] = true
  return { f: 'watch', value }
}

interface Stream {
  readonly id: number
  /** Undefined: all keys. */
  readonly key: string | undefined
  /** The next revision to receive; undefined if the stream starts at the current one. */
  readonly next: number | undefined
  readonly resumes?: number | undefined
  readonly hasPrevious: boolean
}

interface ResponseText {
  readonly events?: readonly { readonly revision: number }[]
  readonly progress?: number
  readonly ended?: boolean
  readonly compacted?: number
}
