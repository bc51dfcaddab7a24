import { inFile, type Mutation } from './mutation.ts'

/** Deliberate mistakes in how watches are judged. */
export const watchMutations: readonly Mutation[] = [
  ...inFile(
    'watch/scan.ts',
    ['watch'],
    [
      {
        name: 'watch-newest-is-oldest',
        before: 'if (last === undefined || revision >= last.revision) last = { revision, row }',
        after: 'if (last === undefined || revision <= last.revision) last = { revision, row }',
        breaks: 'what comes is compared with the oldest change before it, not with the newest',
      },
      {
        name: 'watch-progress-is-exclusive',
        before: 'if (progress !== undefined && revision <= progress.revision)',
        after: 'if (progress !== undefined && revision < progress.revision)',
        breaks: 'a change at the revision that progress was told up to is not late',
      },
      {
        name: 'watch-gaps-close',
        before: 'if (!everSent.has(missed)) return scope.changesAt(missed)[0]',
        after: 'if (everSent.has(missed)) return scope.changesAt(missed)[0]',
        breaks: 'what was never sent is not missing',
      },
      {
        name: 'watch-starts-after-its-revision',
        before: 'if (begin !== undefined && revision < begin) {',
        after: 'if (begin !== undefined && revision < begin - 1) {',
        breaks: 'a change just before the start was asked for',
      },
    ],
  ),
]
