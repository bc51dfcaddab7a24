import { inFile, type Mutation } from './mutation.ts'

const uncut = ['uncut']

/**
 * Deliberate mistakes in counterexamples of long histories, and in counterexamples that were not reduced for lack of
 * time.
 */
export const counterexampleMutations: readonly Mutation[] = [
  ...inFile('register/counterexample/reduce.ts', uncut, [
    {
      name: 'counterexample-of-any-size',
      before: 'if (core.length <= MOST_OPERATIONS)',
      after: 'if (core.length >= 0)',
      breaks: 'a counterexample may have as many operations as the history',
    },
    {
      name: 'counterexample-unmarked',
      before: 'return { kept: core, uncut: limit && { why: limit, among, standsAlone: makesSure(core) } }',
      after: 'return { kept: core, uncut: undefined }',
      breaks: 'a counterexample is not marked that there was no time to cut down',
    },
  ]),
  ...inFile('register/counterexample/involved.ts', uncut, [
    {
      name: 'counterexample-shows-the-beginning',
      before: 'const set = restrict(encoded, encoded.length <= MOST_OPERATIONS || closed === undefined ? all : closed)',
      after: 'const set = restrict(encoded, all)',
      breaks: 'the first operations are shown in place of those that contradict each other',
    },
  ]),
  ...inFile('register/counterexample/locate.ts', uncut, [
    {
      name: 'locate-without-what-it-rests-on',
      before: 'kept.add(i)',
      after: 'if (i < 0) kept.add(i)',
      breaks: 'a located contradiction lacks the writes that its reads saw',
    },
    {
      name: 'locate-more-than-is-shown',
      before: 'const before = all.filter((i) => calls[i] <= end).slice(-(MOST_OPERATIONS - named.length))',
      after: 'const before = all.filter((i) => calls[i] <= end)',
      breaks: 'all operations before the contradiction are shown',
    },
  ]),
]
