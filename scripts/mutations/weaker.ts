import { inFile, type Mutation } from './mutation.ts'

/** Deliberate mistakes in the levels below sequential consistency, and in measuring staleness. */
export const weakerMutations: readonly Mutation[] = [
  ...inFile(
    'register/causal/orders/order.ts',
    ['weaker', 'sessions.test'],
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
      {
        name: 'causal-unknown-outcome-at-any-time',
        before: 'for (let n = before.start[operation]; n < before.start[operation + 1]; n++) {',
        after: 'for (let n = before.start[operation]; n < before.start[operation]; n++) {',
        breaks: 'an operation of unknown outcome need not come after what its client did before',
      },
    ],
  ),
  ...inFile(
    'graph/walks.ts',
    ['sessions.test', 'weaker'],
    [
      {
        name: 'cycles-pass-as-orders',
        before: '} else if (other === NO_NODE || state[other] === PLACED) continue',
        after: '} else if (other === NO_NODE || state[other] !== 0) continue',
        breaks: 'reads that go back in a circle, and a read of a later write, pass',
      },
    ],
  ),
  ...inFile(
    'register/causal/orders/convergence.ts',
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
      {
        name: 'arbitration-waits-for-ever',
        before:
          'for (let e = followers.start[operation]; e < followers.start[operation + 1]; e++) done(followers.items[e])',
        after:
          'for (let e = followers.start[operation]; e + 1 < followers.start[operation + 1]; e++) done(followers.items[e])',
        breaks: 'what a process left with unknown outcome before it went on is never arbitrated',
      },
    ],
  ),
  ...inFile(
    'register/session/guarantees.ts',
    ['weaker'],
    [
      {
        name: 'session-reads-may-go-back',
        before: 'if (source === NO_READ || before === INITIAL || before === source) return undefined',
        after: 'if (source === NO_READ || before !== INITIAL || before === source) return undefined',
        breaks: 'a client may see an older value after a newer one',
      },
      {
        name: 'session-own-writes-may-be-missed',
        before: 'return source === NO_READ || source === last ? undefined : overwrites(last, operation, source)',
        after: 'return source === NO_READ || source !== last ? undefined : overwrites(last, operation, source)',
        breaks: 'a client may read as if it had not written',
      },
    ],
  ),
  ...inFile(
    'register/session/each-before.ts',
    ['weaker'],
    [
      {
        name: 'session-forgets-the-first-write',
        before: 'const edge = last === NONE ? undefined : visit(operation, last)',
        after: 'const edge = last <= 0 ? undefined : visit(operation, last)',
        breaks: 'a client may read as if it had not made the first write of all',
      },
    ],
  ),
  ...inFile(
    'register/eventual/decide.ts',
    ['mutants', 'eventual', 'convergent', 'report'],
    [
      {
        name: 'eventual-two-values-agree',
        before: 'const isApart = values.size > 1',
        after: 'const isApart = values.size > 2',
        breaks: 'replicas that disagree are said to have converged',
      },
      {
        name: 'eventual-overlapping-writes-supersede',
        before: 'return isAcknowledged(encoded, i) && encoded.calls[i] > settled && isAbsent(i)',
        after: 'return isAcknowledged(encoded, i) && encoded.returns[i] > settled && isAbsent(i)',
        breaks: 'a write that overlapped the one that stayed is said to be lost',
      },
      {
        name: 'eventual-every-write-is-lost',
        before: 'const mayBeReplaced = encoded.calls[i] <= settled || encoded.returns[i] < latestCall',
        after: 'const mayBeReplaced = encoded.calls[i] <= settled || encoded.returns[i] < 0',
        breaks: 'writes that were rightly overwritten are listed as lost',
      },
      {
        name: 'eventual-appends-may-go',
        before: 'encoded.kind[i] === APPEND && encoded.calls[i] > after && encoded.returns[i] < before',
        after: 'encoded.kind[i] === APPEND && encoded.calls[i] > after && encoded.returns[i] < 0',
        breaks: 'a final text may lack what was appended and acknowledged',
      },
      {
        name: 'eventual-appended-anywhere',
        before: 'return textOf(encoded, decoder, value).endsWith(textOf(encoded, decoder, encoded.writes[operation]))',
        after: 'return textOf(encoded, decoder, value).includes(textOf(encoded, decoder, encoded.writes[operation]))',
        breaks: 'a value that ends in what nobody appended is taken for explained',
      },
      {
        name: 'eventual-overwritten-text-is-there',
        before: 'return encoded.kind[operation] === APPEND ? !text.includes(written) : !text.startsWith(written)',
        after: 'return encoded.kind[operation] === APPEND ? !text.includes(written) : !text.includes(written)',
        breaks: 'a write counts as part of what is left because its text occurs in it',
      },
      {
        name: 'eventual-appends-overwrite',
        before: 'for (const i of acknowledged) if (encoded.kind[i] !== APPEND) latestCall = encoded.calls[i]',
        after: 'for (const i of acknowledged) latestCall = encoded.calls[i]',
        breaks: 'of lost appends only the last is listed',
      },
    ],
  ),
  ...inFile(
    'register/staleness/two-atomic.ts',
    ['staleness'],
    [
      {
        name: 'two-atomic-forces-in-any-order',
        before: 'if (forced === SEVERAL || !left.canBeLast(forced)) {',
        after: 'if (forced === SEVERAL) {',
        breaks: 'k is said to be 2 where it is more',
      },
      {
        name: 'two-atomic-forgets-a-choice',
        before: "if (outcome === 'unfinished') open.push(choice)",
        after: "if (outcome === 'unfinished' && open.length === 0) open.push(choice)",
        breaks: 'k is said to be more than 2 where the first choice fails only after many writes',
      },
    ],
  ),
  ...inFile(
    'register/staleness/reads.ts',
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
  ...inFile(
    'register/causal/derivation.ts',
    ['weaker'],
    [
      {
        name: 'causal-derivation-without-readers',
        before: 'involved.add(edge.reader)',
        after: 'involved.add(edge.from)',
        breaks: 'a counterexample is looked for in all of the history, though what it was derived from is known',
      },
    ],
  ),
  ...inFile(
    'register/causal/repeated.ts',
    ['weaker'],
    [
      {
        name: 'choices-violated-too-soon',
        before: "if (depth-- === 0) return 'violated'",
        after: "if (depth-- <= 1) return 'violated'",
        breaks: 'a source that leaves no other is not given up for the next',
      },
    ],
  ),
  ...inFile(
    'register/staleness/versions.ts',
    ['staleness'],
    [
      {
        name: 'staleness-forgets-that-two-was-ruled-out',
        before: 'return { atLeast: Math.max(3, mostBehind + 1), atMost: most }',
        after: 'return { atLeast: mostBehind + 1, atMost: most }',
        breaks: 'k is said to be 2 at least where 2 was ruled out',
      },
    ],
  ),
  ...inFile(
    'register/staleness/measure.ts',
    ['staleness'],
    [
      {
        name: 'staleness-rounds-ranks-down',
        before: 'const rank = (share: number): number => column[Math.max(0, Math.ceil(share * column.length) - 1)]',
        after: 'const rank = (share: number): number => column[Math.max(0, Math.floor(share * column.length) - 1)]',
        breaks: 'percentiles are those of the next lower rank',
      },
    ],
  ),
]
