import { inFile, type Mutation } from './mutation.ts'

/** Deliberate mistakes in how partitioned logs are judged. */
export const streamMutations: readonly Mutation[] = [
  ...inFile(
    'stream/scan.ts',
    ['stream', 'guarantee-files'],
    [
      {
        name: 'stream-offsets-may-repeat',
        before: 'if (before === undefined || at.offset > before.offset) continue',
        after: 'if (before === undefined || at.offset >= before.offset) continue',
        breaks: 'two messages of one producer may have one offset',
      },
      {
        name: 'stream-polls-may-stand-still',
        before: 'next = offset + 1',
        after: 'next = offset',
        breaks: 'a consumer may get one message twice in a poll',
      },
      {
        name: 'stream-groups-need-no-beginning',
        before: 'const isOpen = missed.offset <= first.offset || commits.some(({ offset }) => offset >= missed.offset)',
        after: 'const isOpen = commits.some(({ offset }) => offset >= missed.offset)',
        breaks: 'a group that may have begun later has passed over what came before',
      },
      {
        name: 'stream-groups-lose-nothing-unanswered',
        before: 'if (isOpen || lostPolls.length > 0) {',
        after: 'if (isOpen) {',
        breaks: 'what a poll without an answer returned is lost',
      },
      {
        name: 'stream-resends-are-duplicates',
        before: 'const extra = seen[most]',
        after: 'const extra = places[1]',
        breaks: 'a message that was sent twice may stand at two offsets',
      },
      {
        name: 'stream-equal-messages-explain-all',
        before: 'if ((withoutOffset[used] ?? Number.POSITIVE_INFINITY) < seen.end) used++',
        after: 'if ((withoutOffset[0] ?? Number.POSITIVE_INFINITY) < seen.end) used++',
        breaks: 'one equal message whose offset nobody was told stands at several offsets',
      },
      {
        name: 'stream-resumes-after-what-nobody-processed',
        before: 'return commits.some(({ at, offset }) => offset >= from && at < end) ? from + 1 : from',
        after: 'return from + 1',
        breaks: 'a consumer that is told where to go on passes over the message there',
      },
      {
        name: 'stream-ends-before-its-last-message',
        before: ': [{ from, first, rows: last.flatMap(({ row, continues = row }) => [continues, row]) }]',
        after: ': [{ from: from + 1, first, rows: last.flatMap(({ row, continues = row }) => [continues, row]) }]',
        breaks: 'a consumer that waits in vain for the last message has reached the end',
      },
    ],
  ),
  ...inFile(
    'stream/record.ts',
    ['stream'],
    [
      {
        name: 'stream-passes-over-what-it-gets',
        before: 'return found !== undefined && found.offset < to ? found : undefined',
        after: 'return found !== undefined && found.offset <= to ? found : undefined',
        breaks: 'a message that was polled was not passed over',
      },
      {
        name: 'stream-groups-stay-where-they-are',
        before:
          'if (next !== undefined && subscription === undefined) lasts.set(partition, { row, next, isResumed: false })',
        after: 'if (next !== undefined) lasts.set(partition, { row, next, isResumed: false })',
        breaks: 'a partition that another consumer has had in between was read on from the same place',
      },
    ],
  ),
]
