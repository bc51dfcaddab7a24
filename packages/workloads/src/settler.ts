import type { Completion, Input } from '@chaosproxy/history'
import type { KnownStore } from './known-store.ts'

/** Failed readings after which the rest is left unsettled. */
const MOST_IN_VAIN = 60

/** Reads the revisions that no acknowledgement and no watch accounts for. */
export interface Settler {
  /** What to read before everything up to a revision is compacted; undefined if all of it is known. */
  before(revision: number): Input | undefined
  /** Call for each completed reading. */
  learned(completion: Completion): void
  /** What a client asks for after healing. The first client that is asked settles everything. */
  finisher(): () => Input | undefined
}

export function createSettler(store: KnownStore): Settler {
  const { revisions } = store
  let finishing: symbol | undefined
  let isDone = false
  let vain = 0

  /** The first stretch of revisions that nothing is known of, or everything after the last one heard of. */
  function nextUnknown(): Input {
    const from = revisions.firstUnknown(store.compacted)
    let to = from
    while (to < revisions.highest && !revisions.isKnown(to + 1)) to++
    return { f: 'changes', value: to <= revisions.highest ? { from, to } : { from } }
  }

  return {
    before: (revision) => (revisions.firstUnknown(store.compacted) <= revision ? nextUnknown() : undefined),
    learned(completion) {
      if (completion.type !== 'ok') {
        vain++
        return
      }
      const { from: first, to } = completion.value as unknown as ReadingText
      isDone = to < first
      revisions.read(first, to)
    },
    finisher() {
      const self = Symbol('client')
      return () => {
        finishing ??= self
        return finishing !== self || isDone || vain > MOST_IN_VAIN ? undefined : nextUnknown()
      }
    },
  }
}

interface ReadingText {
  readonly from: number
  readonly to: number
}
