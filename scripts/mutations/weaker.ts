import { inFile, type Mutation } from './mutation.ts'

/** Deliberate mistakes in the levels below sequential consistency, and in measuring staleness. */
export const weakerMutations: readonly Mutation[] = [
  ...inFile(
    'causal/order.ts',
    ['weaker'],
    [
      {
        name: 'causal-without-process-order',
        before: 'if (previous !== -1) rows.copyWithin(at, previous * width, previous * width + width)',
        after: 'if (previous < -1) rows.copyWithin(at, previous * width, previous * width + width)',
        breaks: 'what a process knew is forgotten with its next operation',
      },
      {
        name: 'causal-without-reads-from',
        before:
          'if (source >= 0 && rows[at + of[source]] <= place[source]) raise(rows, at, rows, source * width, width)',
        after: 'if (source >= 0 && rows[at + of[source]] > place[source]) raise(rows, at, rows, source * width, width)',
        breaks: 'a read does not know what the write that it saw knew',
      },
    ],
  ),
  ...inFile(
    'causal/convergence.ts',
    ['weaker'],
    [
      {
        name: 'causal-reads-of-overwritten-values',
        before: 'if (last === -1 || last === source) continue',
        after: 'if (last === -1 || last !== source) continue',
        breaks: 'a value that was overwritten in the causal past may be read',
      },
      {
        name: 'causal-convergence-without-conflicts',
        before: 'if (count === 0 || count <= rows[source * width + thread]) continue',
        after: 'if (count === 0 || count > rows[source * width + thread]) continue',
        breaks: 'concurrent writes need not be arbitrated the same way for all',
      },
    ],
  ),
  ...inFile(
    'session/guarantees.ts',
    ['weaker'],
    [
      {
        name: 'session-reads-may-go-back',
        before: 'if (before < 0 || before === source) continue',
        after: 'if (before >= 0 || before === source) continue',
        breaks: 'a process may see an older value after a newer one',
      },
      {
        name: 'session-own-writes-may-be-missed',
        before: 'if (threads.of[source] !== t) {',
        after: 'if (threads.of[source] === t) {',
        breaks: 'a process may read as if it had not written',
      },
    ],
  ),
  ...inFile(
    'eventual.ts',
    ['mutants', 'eventual', 'report'],
    [
      {
        name: 'eventual-two-values-agree',
        before: 'if (values.size > 1) return { counterexample: disagreement(input, values, lastWriter), lost }',
        after: 'if (values.size > 2) return { counterexample: disagreement(input, values, lastWriter), lost }',
        breaks: 'replicas that disagree are said to have converged',
      },
      {
        name: 'eventual-overlapping-writes-supersede',
        before: 'return isAcknowledged(encoded, i) && encoded.calls[i] > settled && isAbsentFrom(input, i, value)',
        after: 'return isAcknowledged(encoded, i) && encoded.returns[i] > settled && isAbsentFrom(input, i, value)',
        breaks: 'a write that overlapped the one that stayed is said to be lost',
      },
      {
        name: 'eventual-every-write-is-lost',
        before: 'if (encoded.calls[i] <= settled || encoded.returns[i] < latestCall) return false',
        after: 'if (encoded.calls[i] <= settled || encoded.returns[i] < 0) return false',
        breaks: 'writes that were rightly overwritten are listed as lost',
      },
    ],
  ),
  ...inFile(
    'staleness/two-atomic.ts',
    ['staleness'],
    [
      {
        name: 'two-atomic-forces-in-any-order',
        before: 'if (forced === SEVERAL || !left.canBeLast(forced)) {',
        after: 'if (forced === SEVERAL) {',
        breaks: 'k is said to be 2 where it is more',
      },
    ],
  ),
  ...inFile(
    'staleness/reads.ts',
    ['staleness'],
    [
      {
        name: 'staleness-knows-only-acknowledgements',
        before: 'done[i] = alone ? first[writes[i]] : returns[i]',
        after: 'done[i] = returns[i]',
        breaks: 'a read is called fresh though others had read what overwrote its value',
      },
    ],
  ),
]
