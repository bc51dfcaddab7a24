/** What the clients of one run jointly know about the store. */
export interface KnownStore {
  /** The highest revision acknowledged. */
  last: number
  /** The highest acknowledged revision of each key. */
  readonly ofKey: Map<string, number>
  readonly revisions: KnownRevisions
  /** Revisions below this may be compacted. */
  compacted: number
  /** Deletions below which everything is or will be compacted; watches start at them. */
  readonly deletions: { readonly key: string; readonly revision: number }[]
}

/** The revisions whose changes are known: from acknowledgements, from watches, or because they were read. */
export interface KnownRevisions {
  /** The highest revision of which anything was heard. */
  readonly highest: number
  isKnown(revision: number): boolean
  saw(revision: number): void
  /** Everything up to `to` was read. */
  read(from: number, to: number): void
  /** The first revision after `from` that nothing is known of. */
  firstUnknown(from: number): number
}

export function createKnownRevisions(): KnownRevisions {
  const known = new Set<number>()
  let highest = 0
  /** Everything up to here is known; the store is empty at revision 1. */
  let all = 1
  const saw = (revision: number): void => {
    highest = Math.max(highest, revision)
    if (revision > all) known.add(revision)
    while (known.delete(all + 1)) all++
  }
  return {
    get highest() {
      return highest
    },
    isKnown: (revision) => revision <= all || known.has(revision),
    saw,
    read(from, to) {
      for (let revision = Math.max(from, all + 1); revision <= to; revision++) saw(revision)
    },
    firstUnknown(from) {
      let revision = Math.max(from, all) + 1
      while (known.has(revision)) revision++
      return revision
    },
  }
}
