import { inFile, type Mutation } from './mutation.ts'

/** Deliberate mistakes in judging a part of a history. */
export const partMutations: readonly Mutation[] = [
  ...inFile(
    'encoding/rows.ts',
    ['part.test'],
    [
      {
        name: 'part-open-operations-are-done',
        before: 'outcome[row] = INFO',
        after: 'outcome[row] = OK',
        breaks: 'an operation that is open where a history is cut off counts as done',
      },
    ],
  ),
  ...inFile(
    'part/check-part.ts',
    ['part.test'],
    [
      {
        name: 'part-without-changes',
        before: 'const kept = rows.filter((row) => heard.has(row) || !isPureRead(history, row))',
        after: 'const kept = rows.filter((row) => heard.has(row))',
        breaks: 'what a part reads was never written',
      },
    ],
  ),
  ...inFile(
    'part/blame.ts',
    ['part.test'],
    [
      {
        name: 'part-blames-nobody',
        before: 'if (telling.has(found)) {',
        after: 'if (telling.has(cut)) {',
        breaks: 'a read of the part that is to blame is set aside',
      },
      {
        name: 'part-goes-on-after-impossible-changes',
        before: "if (!isLater) return { result: 'met' }",
        after: "if (isLater || !isLater) return { result: 'met' }",
        breaks: 'after an impossible change the state of its key is known',
      },
    ],
  ),
]
