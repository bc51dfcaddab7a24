export interface KnownStore {
  last: number
  /** The highest acknowledged revision of each key. */
  readonly ofKey: Map<string, number>
  readonly revisions: KnownRevisions
  /** Revisions below this one may be compacted. */
  compacted: number
  /** Deletions at whose revisions the store was compacted, or may have been. Some watches start at these revisions. */
  readonly deletions: { readonly key: string; readonly revision: number }[]
}

/** The revisions with known changes. */
export interface KnownRevisions {
  /** The highest revision mentioned in any answer. */
  readonly highest: number
  isKnown(revision: number): boolean
  saw(revision: number): void
  read(from: number, to: number): void
  firstUnknown(from: number): number
}

export function createKnownRevisions(): KnownRevisions {
  const known = new Set<number>()
  let highest = 0
  /** All revisions up to this one are known. The store is empty at revision 1. */
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
