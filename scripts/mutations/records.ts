import { inFile, type Mutation } from './mutation.ts'

const marks = ['marks']

/** Deliberate mistakes in judging a record that states what is missing from it. */
export const recordMutations: readonly Mutation[] = [
  ...inFile('record/judgeable.ts', marks, [
    {
      name: 'record-open-operations-are-certain',
      before: 'if (operations.returnEvent[row] < position) continue',
      after: 'if (operations.callEvent[row] < position) continue',
      breaks: 'what was in flight when its key was touched is judged as if nothing had touched it',
    },
    {
      name: 'record-judged-up-to-the-last-mark',
      before: 'if (known === undefined || mark.position < known.position) first[place] = mark',
      after: 'if (known === undefined || mark.position > known.position) first[place] = mark',
      breaks: 'a key that was touched twice is judged up to the second time',
    },
    {
      name: 'record-every-key-is-no-key',
      before: 'if (every !== undefined) for (let place = 0; place < first.length; place++) consider(place, every)',
      after: 'if (every !== undefined) consider(0, every)',
      breaks: 'what touches every key touches only operations that name none',
    },
    {
      name: 'record-late-writes-unseen',
      before: 'outcome[row] = isLate && !mayBeSeen(row) ? UNJUDGED : INFO',
      after: 'outcome[row] = isLate ? UNJUDGED : INFO',
      breaks: 'at levels without real time a read of a later write is called one of thin air',
    },
    {
      name: 'record-forgets-what-was-not-understood',
      before: 'if (marks.length === 0 && notUnderstood.length === 0 && complete === history) return undefined',
      after: 'if (marks.length === 0 && complete === history) return undefined',
      breaks: 'a history is met although the answers to reads were not understood',
    },
    {
      name: 'record-unsaid-inputs-stay-unsaid',
      before: 'const completed = missing.filter((row) => operations.outcome[row] === OK)',
      after: 'const completed = missing.filter((row) => operations.outcome[row] !== OK)',
      breaks: 'a write whose answer says what it wrote is taken to have written null',
    },
    {
      name: 'record-unsaid-writes-of-unknown-outcome-wrote-nothing',
      before: 'if (operations.outcome[row] !== INFO) return []',
      after: 'if (operations.outcome[row] !== INFO || row >= 0) return []',
      breaks: 'a read is called impossible although a write of unknown value and outcome explains it',
    },
  ]),
  ...inFile('record/doubts.ts', marks, [
    {
      name: 'record-met-in-doubt',
      before: "const isUnsure = verdict.result === 'met' || (mayBeTaken && ladder.apart.includes(level))",
      after: 'const isUnsure = mayBeTaken && ladder.apart.includes(level)',
      breaks: 'what was judged only in part is met as a whole',
    },
    {
      name: 'record-lost-to-what-touched-it',
      before: "const isUnsure = verdict.result === 'met' || (mayBeTaken && ladder.apart.includes(level))",
      after: "const isUnsure = verdict.result === 'met'",
      breaks: 'an object is said to have lost what something outside the record took',
    },
  ]),
  ...inFile(
    'encoding/cas-values.ts',
    ['cas-values'],
    [
      {
        name: 'record-cas-that-says-half-is-a-write',
        before: "casValuesOf(values.json(output as ValueId))?.is === 'full'",
        after: "casValuesOf(values.json(output as ValueId))?.is === 'half'",
        breaks: 'what an exchange answers was there before is not compared with what was written',
      },
    ],
  ),
  ...inFile('register/encoding/encode.ts', marks, [
    {
      name: 'record-register-judges-what-is-not-to-be',
      before: 'if (k === READ || outcome === UNJUDGED) continue',
      after: 'if (k === READ) continue',
      breaks: 'a write after its key was touched has to fit in with what was read',
    },
  ]),
  ...inFile('object/model/part.ts', marks, [
    {
      name: 'record-objects-judge-what-is-not-to-be',
      before: 'if (operations.outcome[i] === FAIL || operations.outcome[i] === UNJUDGED) continue',
      after: 'if (operations.outcome[i] === FAIL) continue',
      breaks: 'an object that was touched outside the record is held to what it answered afterwards',
    },
  ]),
  ...inFile(
    'clocks/check-clocks.ts',
    ['clocks'],
    [
      {
        name: 'clocks-cramped-is-certain',
        before: 'const isCertain = bounded.cramped.length === 0',
        after: 'const isCertain = true',
        breaks: 'a level is met although operations were shorter than the clocks are known',
      },
      {
        name: 'clocks-most-orders-condemn',
        before: 'const wide = judge(bounded.widest, { ...options, levels: open, deadlineMs: left() })',
        after: 'const wide = judge(bounded.narrowest, { ...options, levels: open, deadlineMs: left() })',
        breaks: 'a linearizable system is condemned because two clocks disagreed',
      },
      {
        name: 'ties-most-orders-of-processes-apart',
        before: 'const most = judge(tiedNarrowest, { ...by(), explain: false })',
        after: 'const most = judge({ ...tiedNarrowest, isTied: false }, { ...by(), explain: false })',
        breaks: 'a client that read an older value second, within one millisecond, passes for linearizable',
      },
    ],
  ),
  ...inFile(
    'clocks/intervals.ts',
    ['ties', 'clocks'],
    [
      {
        name: 'ties-equal-stamps-are-in-order',
        before:
          'const callsFirst: AtOnce = (one, other) => Number(one.isReturn) - Number(other.isReturn) || one.row - other.row',
        after: 'const callsFirst: AtOnce = (one, other) => rank(one) - rank(other) || one.row - other.row',
        breaks: 'a correct history whose stamps tie is condemned',
      },
    ],
  ),
  ...inFile(
    'encoding/threads.ts',
    ['ties'],
    [
      {
        name: 'ties-unknown-outcome-follows-nobody',
        before: 'const at = t === last ? some.length : returned[t]',
        after: 'const at = returned[t]',
        breaks: 'a write without an answer takes effect before what its client had done',
      },
    ],
  ),
  ...inFile(
    'object/tied.ts',
    ['ties'],
    [
      {
        name: 'ties-objects-are-judged-apart',
        before:
          'if (first !== undefined && parts.length > 1 && !fit(orders, first.history, budget)) return unknownBecause(APART)',
        after: 'if (first === undefined) return unknownBecause(APART)',
        breaks: 'objects whose orders contradict each other within a millisecond pass for linearizable',
      },
    ],
  ),
]
