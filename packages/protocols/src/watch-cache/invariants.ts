import type { Invariant, InvariantWatch } from '../definition.ts'
import type { WatchCacheMessage, WatchCacheState } from './state.ts'

type Watch = InvariantWatch<WatchCacheState, WatchCacheMessage>

export const watchCacheInvariants: readonly Invariant[] = [
  {
    name: 'no gap in a watch',
    summary: 'a cache applies every change of the store, in the order of revisions, unless it lists anew',
    watch:
      (): Watch =>
      () =>
      ({ skipped }) =>
        skipped,
  },
  {
    name: 'a cache does not go back',
    summary: 'the revision of a cache only increases while its API server lives',
    watch: watchRevisions,
  },
]

function watchRevisions(): Watch {
  return (node) => {
    let last = 0
    return ({ revision }, event) => {
      if (event !== undefined && revision < last) return `${node} went back from revision ${last} to ${revision}`
      last = revision
      return undefined
    }
  }
}
