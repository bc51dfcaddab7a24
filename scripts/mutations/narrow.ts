import { inFile, type Mutation } from './mutation.ts'

const definitions = ['mutants', 'agreement', 'medium.test']
const narrow = ['narrow', ...definitions]

/**
 * Deliberate mistakes in the linearizability searches that represent sets as bit masks, and in the counts (see `Usage`)
 * of operations that a search assumes to have taken effect.
 */
export const narrowMutations: readonly Mutation[] = [
  ...inFile('register/linearizable/search/narrow-search.ts', narrow, [
    {
      name: 'narrow-search-takes-any-cas',
      before: 'if (returns[operation] >= first || (kind[operation] === CAS && expects[operation] !== state)) continue',
      after: 'if (returns[operation] >= first) continue',
      breaks: 'a cas succeeds whatever the value is',
    },
    {
      name: 'narrow-search-forgets-the-state-of-failures',
      before: 'return table[base] === position && table[base + 1] === state && table[base + 2] === done',
      after: 'return table[base] === position && table[base + 2] === done',
      breaks: 'what fails in one state is not tried in another',
    },
    {
      name: 'narrow-search-takes-all-writes-for-alike',
      before: 'const alike = kind[operation] === WRITE ? masks[placeOf[operation]] : choice',
      after: 'const alike = kind[operation] === WRITE ? sets[WRITE] : choice',
      breaks: 'where one write leads nowhere, writes of other values are not tried',
    },
    {
      name: 'narrow-search-waits-for-writes-alone',
      before: 'const isInVain = waits && ((masks[value * KINDS + WRITE] | sets[CAS]) & ~done) === 0',
      after: 'const isInVain = waits && (masks[value * KINDS + WRITE] & ~done) === 0',
      breaks: 'a value that a cas is about to bring is given up',
    },
  ]),
  ...inFile('register/linearizable/walks/narrow.ts', narrow, [
    {
      name: 'narrow-frontier-forgets-what-was-put-off',
      before: 'if (putOffCount === 0) return false',
      after: 'if (putOffCount >= 0) return false',
      breaks: 'where the likeliest configurations come to nothing, the others are not looked at',
    },
  ]),
  ...inFile('register/linearizable/walks/narrow-expand.ts', narrow, [
    {
      name: 'narrow-frontier-lets-any-write-go',
      before: 'if ((hideable & ~done & returningBit) !== 0) {',
      after: 'if ((~done & returningBit) !== 0) {',
      breaks: 'a write that nothing hides may return without an effect',
    },
  ]),
  ...inFile(
    'search/usage.ts',
    ['usage', ...narrow],
    [
      {
        name: 'usage-compares-some-classes',
        before:
          'for (let c = 0; c < classes; c++) if (counts[usage * classes + c] > counts[other * classes + c]) return false',
        after:
          'for (let c = 1; c < classes; c++) if (counts[usage * classes + c] > counts[other * classes + c]) return false',
        breaks: 'a configuration that used up more is preferred to one that used up less',
      },
      {
        name: 'usage-depends-on-the-order',
        before: 'if (classNumber >= last) made = add(usage, classNumber)',
        after: 'if (classNumber >= last - 1) made = add(usage, classNumber)',
        breaks: 'the same operations used in another order are another configuration, and there is no end of them',
      },
    ],
  ),
]
