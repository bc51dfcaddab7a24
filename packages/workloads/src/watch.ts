import type { Random } from '@chaosproxy/faults'
import type { Completion, Input, Json } from '@chaosproxy/history'
import { createKeyPool, type KeyPool, keysSetting } from './keys.ts'
import { createKnownRevisions, type KnownStore } from './known-store.ts'
import { numberOf, type Settings, shareSetting } from './setting.ts'
import { missing } from './vacuity.ts'
import { createWatcher, isWatcher } from './watcher.ts'
import type { Client, Workload } from './workload.ts'

/** The number of newest revisions that a compaction keeps. */
const LEFT = 500
/** The share of compactions among the writers' operations. */
const COMPACTIONS = 0.01
const TRANSACTIONS = 0.1

/**
 * Writes and deletions on a few keys, compactions, and watches. Each change has a revision. A watch covers one or all
 * keys, from the current revision, a past or a future one. A watch that has ended is resumed at its last revision.
 * After healing, each watch is followed until it has shown the last change, and the outcomes of unanswered writes are
 * read from the store's past revisions.
 */
export const watch: Workload = {
  name: 'watch',
  summary: 'streams of all changes by revision, while clients write, delete and compact',
  model: 'watch',
  initial: null,
  levels: ['faithful'],
  object: 'store',
  functions: ['put', 'delete', 'txn', 'compact', 'changes', 'watch', 'watched', 'unwatch', 'read'],
  uses: ({ compact, settle }) =>
    watch.functions.filter((f) => (f !== 'compact' || compact !== 'never') && (f !== 'changes' || settle === true)),
  reads: ['changes', 'watch', 'watched', 'unwatch', 'read'],
  settings: [
    keysSetting(5, 'how many keys clients write'),
    shareSetting('deletes', 0.15, 'share of writes that delete'),
    {
      name: 'compact',
      summary:
        'which revisions are compacted: none, those far behind, or all below a deletion; watches then start at that deletion',
      default: 'behind',
      values: ['never', 'behind', 'at-deletes'],
    },
    {
      name: 'future',
      summary: 'how far in the future new watches start, in revisions; 0: they start now, or in the past',
      default: 0,
      min: 0,
      max: 10_000_000,
    },
    {
      name: 'settle',
      summary:
        'whether past revisions are read to find out if unanswered writes took effect; otherwise, it stays unknown whether a watch missed such a write',
      default: true,
    },
  ],
  create(settings, serial) {
    const store: KnownStore = {
      ...{ last: 0, ofKey: new Map(), compacted: 0, deletions: [] },
      revisions: createKnownRevisions(),
    }
    const keys = createKeyPool(numberOf(settings, 'keys'))
    let value = serial
    const unique = () => ++value
    let watches = 0
    const name = () => ++watches
    const settler = settings['settle'] === true ? createSettler(store) : undefined
    return {
      client: (random, rank) =>
        isWatcher(rank)
          ? createWatcher({ random, keys, store, name, future: numberOf(settings, 'future') })
          : createWriter({ random, keys, store, unique, settings, settler }),
    }
  },
  finale: () => [{ f: 'read', value: null }],
  vacuous: (history) => [
    ...missing(history, 'put', ['put', 'txn']),
    ...missing(history, 'watch'),
    ...missing(history, 'watched'),
  ],
}

interface WriterOptions {
  readonly random: Random
  readonly keys: KeyPool
  readonly store: KnownStore
  readonly unique: () => number
  readonly settings: Settings
  /** Reads past revisions to find out whether unanswered writes took effect; undefined without the setting `settle`. */
  readonly settler: Settler | undefined
}

function createWriter({ random, keys, store, unique, settings, settler }: WriterOptions): Client {
  const deletes = numberOf(settings, 'deletes')
  const { compact } = settings
  /** The revision of a past put, up to which the store can be compacted safely. */
  let put = 0
  const planned: Input[] = []

  function compaction(): Input | undefined {
    if (compact !== 'behind' || !random.chance(COMPACTIONS)) return undefined
    const revision = Math.min(put, store.last - LEFT)
    if (revision !== put || revision <= store.compacted) return undefined
    // Compacted revisions can no longer be read.
    return settler?.before(revision) ?? compactionAt(revision)
  }

  function compactionAt(revision: number): Input {
    store.compacted = Math.max(store.compacted, revision)
    return { f: 'compact', value: revision }
  }

  function learned({ f, key, value }: Input, completion: Completion): void {
    if (f === 'compact' && completion.type !== 'fail' && compact === 'at-deletes') {
      const deletion = awaiting.get(Number(value))
      if (deletion !== undefined) store.deletions.push(deletion)
    }
    if (f === 'changes') settler?.learned(completion)
    if (completion.type !== 'ok' || typeof completion.value !== 'number') return
    const revision = completion.value
    store.revisions.saw(revision)
    store.last = Math.max(store.last, revision)
    for (const name of changedKeys(f, key, value)) store.ofKey.set(name, Math.max(store.ofKey.get(name) ?? 0, revision))
    if (f !== 'delete') put = store.last - revision >= LEFT || put === 0 ? revision : put
    else if (compact === 'at-deletes' && key !== undefined && revision > store.compacted) {
      awaiting.set(revision, { key, revision })
      planned.push({ f: 'put', key, value: unique() }, compactionAt(revision))
    }
  }
  const awaiting = new Map<number, { readonly key: string; readonly revision: number }>()

  return {
    next() {
      const first = planned.shift() ?? compaction()
      if (first !== undefined) return first
      const key = keys.pick(random)
      if (random.chance(deletes)) return { f: 'delete', key, value: null }
      if (!random.chance(TRANSACTIONS)) return { f: 'put', key, value: unique() }
      return { f: 'txn', value: { [key]: unique(), [keys.pick(random)]: unique() } }
    },
    learned,
    ...(settler === undefined ? {} : { after: settler.finisher() }),
  }
}

function changedKeys(f: string, key: string | undefined, value: Json): readonly string[] {
  if (f === 'txn' && typeof value === 'object' && value !== null) return Object.keys(value)
  return key === undefined ? [] : [key]
}

/** The number of failed reads after which no client reads the remaining unknown revisions any more. */
const MOST_IN_VAIN = 60

/** Reads the revisions that no acknowledgement and no watch shows. */
interface Settler {
  /**
   * Called before the revisions up to `revision` are compacted. If some of these revisions are still unknown, returns a
   * read of them.
   */
  before(revision: number): Input | undefined
  learned(completion: Completion): void
  /**
   * Creates a function that returns a client's next operation after healing. The first client that calls its function
   * reads the remaining unknown revisions.
   */
  finisher(): () => Input | undefined
}

export function createSettler(store: KnownStore): Settler {
  const { revisions } = store
  let finishing: symbol | undefined
  let isDone = false
  let vain = 0

  /** Returns a read of the first unknown revisions. */
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
      const { from: first, to } = completion.value as unknown as { readonly from: number; readonly to: number }
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
