import { inFile, type Mutation } from './mutation.ts'

const definitions = ['mutants', 'agreement', 'medium.test']

/** Deliberate mistakes in what all levels share: encoding, limits, implications, counterexamples, worker threads. */
export const checkMutations: readonly Mutation[] = [
  ...inFile(
    'check/check.ts',
    ['lost-versions'],
    [
      {
        name: 'check-lost-versions-never-tried',
        before: '(entry.record.namesVersions === true ? checkVersions(some, by, judge) : undefined) ?? judge(some, by)',
        after: '(entry.record.namesVersions === false ? checkVersions(some, by, judge) : undefined) ?? judge(some, by)',
        breaks: 'a version whose answer was lost equals none that was read',
      },
    ],
  ),
  ...inFile(
    'verdict/accounting.ts',
    ['accounting', 'endings'],
    [
      {
        name: 'accounting-failed-may-have-happened',
        before: 'failed: outcome === FAIL,',
        after: 'failed: outcome < 0,',
        breaks: 'an element whose addition certainly failed counts as one that may have been added',
      },
    ],
  ),
  ...inFile('register/encoding/encode.ts', definitions, [
    {
      name: 'register-null-is-a-value',
      before: 'if (value === NULL) value = nullId',
      after: 'if (value < NULL) value = nullId',
      breaks: 'a null read is not a read of the initial value',
    },
    {
      name: 'register-info-took-effect',
      before: 'returns[i] = outcome[operation] === INFO ? NEVER : returnEvent[operation]',
      after: 'returns[i] = returnEvent[operation]',
      breaks: 'an operation of unknown outcome is taken to have happened by the time it was given up',
    },
    {
      name: 'register-failed-cas-always-observes',
      before: 'if (k !== CAS || !observesFailures || !hasLooked(history.errorOf(i))) continue',
      after: 'if (k !== CAS || !hasLooked(history.errorOf(i))) continue',
      breaks: 'a cas that failed for another reason is taken for an observation',
    },
    {
      name: 'register-no-key-is-the-first-key',
      before: 'const shift = meaning.isUnkeyed ? 1 : 0',
      after: 'const shift = meaning.isUnkeyed ? 0 : 0',
      breaks: 'operations without a key are lost beside ones with a key',
    },
  ]),
  ...inFile(
    'register/encoding/encode.ts',
    ['failed-cas'],
    [
      {
        name: 'register-refused-cas-observes',
        before: 'if (k !== CAS || !observesFailures || !hasLooked(history.errorOf(i))) continue',
        after: 'if (k !== CAS || !observesFailures) continue',
        breaks: 'a cas that was refused before anybody looked is taken for an observation',
      },
    ],
  ),
  ...inFile('encoding/encoded.ts', definitions, [
    {
      name: 'prefix-drops-open-writes',
      before: 'if (encoded.returns[i] <= position || !observes) kept.push(i)',
      after: 'if (encoded.returns[i] <= position) kept.push(i)',
      breaks: 'the moment of a contradiction is put too early',
    },
  ]),
  ...inFile(
    'limits/budget.ts',
    ['mutants', 'linearizable'],
    [
      {
        name: 'budget-without-memory-limit',
        before: 'if (ledger.add(bytes) <= options.memoryBytes) return true',
        after: 'if (ledger.add(bytes) <= Number.MAX_SAFE_INTEGER) return true',
        breaks: '--memory is not honoured',
      },
      {
        name: 'budget-without-deadline',
        before: 'return now() >= end',
        after: 'return false',
        breaks: '--timeout is not honoured',
      },
    ],
  ),
  ...inFile(
    'levels/registry.ts',
    ['report', 'mutants'],
    [
      {
        name: 'lattice-convergence-without-sessions',
        before: "implies: ['causal', 'session'],",
        after: "implies: ['causal'],",
        breaks: 'what causal convergence implies for sessions is not concluded',
      },
    ],
  ),
  ...inFile(
    'judge/headline.ts',
    ['report', 'mutants'],
    [
      {
        name: 'lattice-eventual-for-free',
        before: "if (apart.includes(weaker) || verdicts[weaker].result !== 'unknown') continue",
        after: "if (weaker === 'pram' || verdicts[weaker].result !== 'unknown') continue",
        breaks: 'a history without final reads is said to have converged',
      },
    ],
  ),
  ...inFile(
    'judge/outcomes.ts',
    ['report', 'mutants'],
    [
      {
        name: 'outcomes-pick-a-writer',
        before: 'for (const i of unknown) if (facts[placeOf(i, writes[i])] === (OBSERVED | WRITTEN)) happened++',
        after: 'for (const i of unknown) if (facts[placeOf(i, writes[i])] >= (OBSERVED | WRITTEN)) happened++',
        breaks: 'a write of unknown outcome is said to have happened though another wrote the same value',
      },
    ],
  ),
  ...inFile('register/counterexample/sources.ts', definitions, [
    {
      name: 'counterexample-leaves-out-possible-writers',
      before: 'return calls[writer] < returns[observer] && returns[writer] > (overwrittenSince?.[observer] ?? -1)',
      after: 'return calls[writer] < calls[observer] && returns[writer] > (overwrittenSince?.[observer] ?? -1)',
      breaks: 'a counterexample blames a read on a write that was merely left out',
    },
  ]),
  ...inFile(
    'parallel/shares.ts',
    ['shares'],
    [
      {
        name: 'shares-in-the-order-they-ended',
        before: 'orders.sort((a, b) => a.place - b.place)',
        after: 'orders.sort((a, b) => b.place - a.place)',
        breaks: 'keys come in another order than without worker threads',
      },
      {
        name: 'shares-any-violation',
        before:
          "const violated = answers.filter((answer) => answer.result === 'violated').sort((a, b) => a.rank - b.rank)",
        after:
          "const violated = answers.filter((answer) => answer.result === 'violated').sort((a, b) => b.rank - a.rank)",
        breaks: 'another violation is shown than without worker threads',
      },
    ],
  ),
]
