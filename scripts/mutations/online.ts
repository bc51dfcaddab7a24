import { inFile, type Mutation } from './mutation.ts'

/** Deliberate mistakes in judging objects other than registers during their recording. */
export const onlineMutations: readonly Mutation[] = [
  ...inFile(
    'online/rechecked.ts',
    ['online-objects'],
    [
      {
        name: 'online-forgets-unknown-outcomes',
        before: '!rechecked.isWhole && open === 0 && !hasUnknownOutcome',
        after: '!rechecked.isWhole && open === 0',
        breaks:
          'an object is condemned for an operation of unknown outcome that takes effect after its call is forgotten',
      },
      {
        name: 'online-calls-the-forgotten-certain',
        before: 'if (held.isBeginningForgotten) held.doubt ??= FORGOTTEN',
        after: 'if (held.open < 0) held.doubt ??= FORGOTTEN',
        breaks: 'an object is called linearizable although its beginning is forgotten',
      },
      {
        name: 'online-blames-another-object',
        before: "if (judgement.result !== 'met' && batch.length > 1) {",
        after: "if (judgement.result === 'unknown' && batch.length > 1) {",
        breaks: 'a violation is told of another object that was judged together with its own',
      },
      {
        name: 'online-places-late',
        before: 'const first = firstWhere(judged + 1, moments.length, (upTo) => {',
        after: 'const first = firstWhere(moments.length, moments.length, (upTo) => {',
        breaks: 'a violation is placed at the event at which it was noticed',
      },
      {
        name: 'online-judges-at-each-event',
        before:
          "held.next = judgement.result === 'met' ? length + Math.max(1, length * SHARE, ms * EVENTS_PER_MS) : 2 * length",
        after: 'held.next = length + 1',
        breaks: 'the time for an event grows with the history',
      },
    ],
  ),
  ...inFile(
    'check/online.ts',
    ['online-objects'],
    [
      {
        name: 'online-believes-what-may-be-mended',
        before: 'for (const each of lasting) {',
        after: 'for (const each of [level, ...lasting]) {',
        breaks: 'a watch is condemned for a change whose write was not answered yet',
      },
      {
        name: 'online-judges-each-key-of-a-store',
        before: "isWhole: level !== 'linearizable',",
        after: 'isWhole: false,',
        breaks: 'a watch is judged without the writes of the keys that it watches',
      },
    ],
  ),
]
