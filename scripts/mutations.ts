import { inFile, type Mutation } from './mutation.ts'
import { objectMutations } from './object-mutations.ts'

const definitions = ['mutants', 'agreement', 'medium.test']
const narrow = ['narrow', ...definitions]

export const mutations: readonly Mutation[] = [
  ...inFile('linearizable/zones.ts', definitions, [
    {
      name: 'zones-apply-to-repeated-values',
      before: 'if ((isWrite & ~(writer[value] >> 31)) !== 0) return undefined',
      after: 'if (isWrite < 0) return undefined',
      breaks: 'of two writes of one value the first is forgotten',
    },
    {
      name: 'zones-drop-all-unknown-writes',
      before: 'if (reads[value] === 0) continue',
      occurrence: 1,
      after: 'if (reads[value] >= 0) continue',
      breaks: 'a read of a write of unknown outcome is taken for thin air',
    },
    {
      name: 'zones-believe-thin-air',
      before: 'if (value !== initial) impossibleRead = true',
      after: 'if (value < 0) impossibleRead = true',
      breaks: 'a value that nobody wrote may be read',
    },
    {
      name: 'zones-read-only-after-the-write-returned',
      before: 'if ((isWrite & ((first[value] - calls[i]) >>> 31)) !== 0) impossibleRead = true',
      after: 'if ((isWrite & ((first[value] - returned) >>> 31)) !== 0) impossibleRead = true',
      breaks: 'a read that overlaps its write is called impossible',
    },
    {
      name: 'zones-forget-the-return-of-the-write',
      before: 'first[value] = lesser(first[value], returned)',
      after: 'first[value] = isWrite === 1 ? first[value] : lesser(first[value], returned)',
      breaks: 'the zone of a value begins too late',
    },
    {
      name: 'zones-let-forward-zones-overlap',
      before: '} else if (isForward || first[group] < currentEnd) {',
      after: '} else if (!isForward && first[group] < currentEnd) {',
      breaks: 'two values that must both be held at one moment are let through',
    },
    {
      name: 'zones-backward-zone-must-begin-later',
      before: '} else if (isForward || first[group] < currentEnd) {',
      after: '} else if (isForward || last[group] < currentEnd) {',
      breaks: 'a write that overlaps the end of another value is called impossible',
    },
  ]),
  ...inFile('linearizable/search.ts', definitions, [
    {
      name: 'search-believes-any-failed-cas',
      before: 'if (k === READ ? expects[entry] === state : k === DIFFERS && expects[entry] !== state) {',
      after: 'if (k === READ ? expects[entry] === state : k === DIFFERS) {',
      breaks: 'a failed cas is taken although the value was the one it asked for',
    },
    {
      name: 'search-cas-in-any-state',
      before: 'if (k === CAS) return expects[operation] === state ? writes[operation] : -1',
      after: 'if (k === CAS) return writes[operation]',
      breaks: 'a cas succeeds whatever the value is',
    },
    {
      name: 'search-memo-forgets-the-state',
      before: 'key[1] = state',
      occurrence: 1,
      after: 'key[1] = 1',
      breaks: 'configurations that differ in their state are taken for one',
    },
    {
      name: 'search-skips-a-candidate',
      before: 'cursor = next[pathOperation[depth]]',
      after: 'cursor = next[next[pathOperation[depth]]]',
      breaks: 'going back leaves out the next candidate',
    },
    {
      name: 'search-unknown-outcome-before-its-call',
      before: 'if (used[classCursor] === members.length || calls[member] > before) continue',
      after: 'if (used[classCursor] === members.length) continue',
      breaks: 'a write of unknown outcome takes effect before it was called',
    },
    {
      name: 'search-unknown-cas-in-the-wrong-state',
      before: 'if (k === CAS && from !== state) return -1',
      after: 'if (k === CAS && from === state) return -1',
      breaks: 'a cas of unknown outcome happens only where it could not',
    },
    {
      name: 'search-unknown-outcomes-do-not-chain',
      before:
        'if (from >= 0 && used[c] < members.length && calls[members[used[c]]] < firstReturn) stamps[from] = stamp',
      after: 'if (from < 0 && used[c] < members.length && calls[members[used[c]]] < firstReturn) stamps[from] = stamp',
      breaks: 'a write of unknown outcome cannot make way for a cas of unknown outcome',
    },
    {
      name: 'search-failed-cas-wants-nothing',
      before: 'wanted: (to) => differs || stamps[to] === stamp,',
      after: 'wanted: (to) => stamps[to] === stamp,',
      breaks: 'a write of unknown outcome cannot explain a failed cas',
    },
  ]),
  ...inFile('linearizable/optional.ts', definitions, [
    {
      name: 'optional-observed-too-early',
      before: 'if (until === undefined || returns[i] > until) observedUntil.set(expects[i], returns[i])',
      after: 'if (until === undefined || returns[i] < until) observedUntil.set(expects[i], returns[i])',
      breaks: 'only the first reader of a value counts when unread writes are dropped',
    },
    {
      name: 'optional-classes-merge-cas',
      before: `const name = \`\${kind[i]} \${expects[i]} \${writes[i]}\``,
      after: `const name = \`\${kind[i]} \${writes[i]}\``,
      breaks: 'cas of unknown outcome from different values are taken for the same operation',
    },
  ]),
  ...inFile('linearizable/appends.ts', definitions, [
    {
      name: 'appends-forget-what-was-there',
      before: 'const key = from * 0x10000000 + length + piece.length',
      after: 'const key = from * 0x10000000 + piece.length',
      breaks: 'prefixes of different lengths are taken for one state',
    },
    {
      name: 'appends-to-a-number-replace-it',
      before: '? extended(0, texts.length, 0, appendText(json(lengthOf[state])) + piece)',
      after: '? extended(0, texts.length, 0, piece)',
      breaks: 'appending to what is not a string forgets it',
    },
  ]),
  ...inFile('linearizable/memo.ts', definitions, [
    {
      name: 'memo-trusts-one-word',
      before: 'if (word === width) return false',
      after: 'if (word > 0) return false',
      breaks: 'configurations that agree in one word are taken for one',
    },
  ]),
  ...inFile('linearizable/narrow-search.ts', narrow, [
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
      before: 'return waits && ((masks[value * KINDS + WRITE] | sets[CAS]) & ~done) === 0',
      after: 'return waits && (masks[value * KINDS + WRITE] & ~done) === 0',
      breaks: 'a value that a cas is about to bring is given up',
    },
  ]),
  ...inFile('linearizable/narrow.ts', narrow, [
    {
      name: 'narrow-frontier-forgets-what-was-put-off',
      before: 'if (putOffCount === 0) return false',
      after: 'if (putOffCount >= 0) return false',
      breaks: 'where the likeliest configurations come to nothing, the others are not looked at',
    },
  ]),
  ...inFile('linearizable/narrow-expand.ts', narrow, [
    {
      name: 'narrow-frontier-lets-any-write-go',
      before: 'if ((hideable & ~done & returningBit) !== 0) {',
      after: 'if ((~done & returningBit) !== 0) {',
      breaks: 'a write that nothing hides may return without an effect',
    },
  ]),
  ...inFile(
    'linearizable/usage.ts',
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
  ...inFile('linearizable/replay.ts', definitions, [
    {
      name: 'replay-believes-failed-cas-on-one-key',
      before: 'const isDiffers = -(kind[i] & (kind[i] >> 1) & 1)',
      after: 'const isDiffers = 0',
      breaks: 'a witness may place a failed cas where it would have succeeded',
    },
    {
      name: 'replay-allows-operations-twice',
      before: `if (seen[i] !== 0) return \`operation \${i} appears twice\``,
      occurrence: 1,
      after: `if (seen[i] > 1) return \`operation \${i} appears twice\``,
      breaks: 'a witness may use one operation twice',
    },
    {
      name: 'replay-allows-operations-twice-on-one-key',
      before: `if (seen[i] !== 0) return \`operation \${i} appears twice\``,
      occurrence: 2,
      after: `if (seen[i] > 1) return \`operation \${i} appears twice\``,
      breaks: 'a witness may use one operation twice',
    },
    {
      name: 'replay-allows-missing-operations',
      before: `if (seen[i] === 0 && returns[i] !== NEVER) return \`operation \${i} is missing\``,
      occurrence: 1,
      after: `if (seen[i] === 0 && returns[i] === -1) return \`operation \${i} is missing\``,
      breaks: 'a witness may leave out a completed operation',
    },
    {
      name: 'replay-allows-missing-operations-on-one-key',
      before: `if (seen[i] === 0 && returns[i] !== NEVER) return \`operation \${i} is missing\``,
      occurrence: 2,
      after: `if (seen[i] === 0 && returns[i] === -1) return \`operation \${i} is missing\``,
      breaks: 'a witness may leave out a completed operation',
    },
    {
      name: 'replay-ignores-real-time',
      before: `if (returns[i] < latestCall) return \`operation \${i} returned before one that precedes it was called\``,
      occurrence: 1,
      after: `if (calls[i] < 0) return \`operation \${i} returned before one that precedes it was called\``,
      breaks: 'a witness of linearizability need not respect real time',
    },
    {
      name: 'replay-ignores-real-time-on-one-key',
      before: `if (returns[i] < latestCall) return \`operation \${i} returned before one that precedes it was called\``,
      occurrence: 2,
      after: `if (calls[i] < 0) return \`operation \${i} returned before one that precedes it was called\``,
      breaks: 'a witness of linearizability need not respect real time',
    },
    {
      name: 'replay-ignores-process-order',
      before: `if ((lastOfProcess.get(process[i]) ?? -1) > calls[i]) return \`operation \${i} is out of its process's order\``,
      after: `if ((lastOfProcess.get(process[i]) ?? -1) < -1) return \`operation \${i} is out of its process's order\``,
      breaks: "a witness of sequential consistency need not respect a process's order",
    },
    {
      name: 'replay-believes-failed-cas',
      before: `if (holds === (k === DIFFERS)) return \`operation \${i} is not legal where it is placed\``,
      after: `if (!holds && k !== DIFFERS) return \`operation \${i} is not legal where it is placed\``,
      breaks: 'a witness may place a failed cas where it would have succeeded',
    },
  ]),
  ...inFile('encoded.ts', definitions, [
    {
      name: 'prefix-drops-open-writes',
      before: 'if (encoded.returns[i] <= position || !observes) kept.push(i)',
      after: 'if (encoded.returns[i] <= position) kept.push(i)',
      breaks: 'the moment of a contradiction is put too early',
    },
  ]),
  ...inFile(
    'budget.ts',
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
        before: 'expired: () => options.now() >= end,',
        after: 'expired: () => options.now() > Number.MAX_SAFE_INTEGER + end,',
        breaks: '--timeout is not honoured',
      },
    ],
  ),
  ...inFile('models/register.ts', definitions, [
    {
      name: 'register-null-is-a-value',
      before: 'if (value === NULL) value = initialId',
      after: 'if (value < NULL) value = initialId',
      breaks: 'a null read is not a read of the initial value',
    },
    {
      name: 'register-info-took-effect',
      before: 'returns[length] = outcome === INFO ? NEVER : returnEvent[i]',
      after: 'returns[length] = returnEvent[i]',
      breaks: 'an operation of unknown outcome is taken to have happened by the time it was given up',
    },
    {
      name: 'register-failed-cas-always-observes',
      before: 'if (k !== CAS || !observesFailures) continue',
      after: 'if (k !== CAS) continue',
      breaks: 'a cas that failed for another reason is taken for an observation',
    },
    {
      name: 'register-no-key-is-the-first-key',
      before: 'const shift = unkeyed ? 1 : 0',
      after: 'const shift = unkeyed ? 0 : 0',
      breaks: 'operations without a key are lost beside ones with a key',
    },
  ]),
  ...inFile('sequential/threads.ts', definitions, [
    {
      name: 'threads-unknown-outcome-at-any-time',
      before: 'after[i] = lastOf.get(p) ?? -1',
      after: 'after[i] = -1',
      breaks: 'an operation of unknown outcome may come before what its process did earlier',
    },
  ]),
  ...inFile('sequential/reads-from.ts', definitions, [
    {
      name: 'reads-from-forgets-what-a-cas-saw',
      before: 'if (kind[writer] === CAS) waiting.push(writer)',
      after: 'if (kind[writer] !== CAS) waiting.push(writer)',
      breaks: 'a write of unknown outcome that only a cas of unknown outcome saw is dropped',
    },
    {
      name: 'reads-from-ignores-writes-of-the-initial-value',
      before: 'if (writers.has(name) || writes[i] === initial) repeated = true',
      after: 'if (writers.has(name)) repeated = true',
      breaks: 'a read of the initial value cannot come after a write of it',
    },
    {
      name: 'reads-from-guesses-among-writers',
      before: 'if (writes[i] === initial || seen.has(name)) return false',
      after: 'if (writes[i] === initial) return false',
      breaks: 'of two possible writers one is picked',
    },
  ]),
  ...inFile('sequential/saturation.ts', definitions, [
    {
      name: 'saturation-overlooks-cycles',
      before: "if (follows(operation, reader)) return { edge: { from: operation, to: reader, reason: 'reads from' } }",
      after: "if (operation < 0) return { edge: { from: operation, to: reader, reason: 'reads from' } }",
      breaks: 'orders that contradict each other are not noticed',
    },
  ]),
  ...inFile('sequential/vectors.ts', definitions, [
    {
      name: 'vectors-do-not-follow-up',
      before: 'if (any !== 0) wait(b)',
      after: 'if (any > 1) wait(b)',
      breaks: 'what newly precedes an operation is not always followed up',
    },
    {
      name: 'vectors-forget-what-changed',
      before: 'changed[b * words + word] |= risen',
      after: 'changed[b * words + word] = risen',
      breaks: 'of two changes before an operation is looked at again, the first is forgotten',
    },
  ]),
  ...inFile('sequential/by-thread.ts', definitions, [
    {
      name: 'by-thread-misses-a-write',
      before: 'if (n < starts[list + 1] && places[n] < count) n++',
      after: 'if (n < starts[list + 1] && places[n] < count - 1) n++',
      breaks: 'the last write that precedes an operation is overlooked',
    },
  ]),
  ...inFile('sequential/greedy.ts', definitions, [
    {
      name: 'greedy-cas-before-other-readers',
      before: 'return writes[operation] === NOTHING || unread(k) === 1',
      after: 'return writes[operation] === NOTHING || unread(k) >= 1',
      breaks: 'a cas is laid out before others have read the value that it replaces',
    },
  ]),
  ...inFile('sequential/orders.ts', definitions, [
    {
      name: 'orders-give-up-without-the-other-order',
      before: 'next = { first: back.second, second: back.first, mark: saturation.mark(), flipped: true, cursor }',
      after: 'next = { first: back.first, second: back.second, mark: saturation.mark(), flipped: true, cursor }',
      breaks: 'of a pair of writes only one order is tried',
    },
    {
      name: 'orders-leave-pairs-open',
      before: 'if (!isRead(write) && !isRead(other)) continue',
      after: 'if (!isRead(write) || !isRead(other)) continue',
      breaks: 'a write that nobody read may fall between another and its reads',
    },
  ]),
  ...inFile(
    'sequential/decide.ts',
    ['sequential.test'],
    [
      {
        name: 'sequential-joined-threads-refute',
        before: 'if (joined.length === 0) return answer',
        after: 'if (joined.length >= 0) return answer',
        breaks: 'a contradiction counts although it rests on threads joined by guess',
      },
      {
        name: 'sequential-clock-refutes',
        before: "if (answer === 'stopped' || (answer === 'violated' && physical)) return undefined",
        after: "if (answer === 'stopped') return undefined",
        breaks: 'that no write called in time explains a read is taken for a contradiction',
      },
    ],
  ),
  ...inFile(
    'sequential/columns.ts',
    ['sequential.test'],
    [
      {
        name: 'columns-hide-their-joints',
        before: 'if (filled[column] > 0) joined[members[start[t]]] = 1',
        after: 'if (filled[column] < 0) joined[members[start[t]]] = 1',
        breaks: 'threads joined by guess pass for one process',
      },
    ],
  ),
  ...inFile(
    'sequential/sources.ts',
    ['sequential.test'],
    [
      {
        name: 'sources-read-without-one',
        before: 'if (left.length === 0) {',
        after: 'if (left.length < 0) {',
        breaks: 'a read that no write is left for is taken for explained',
      },
      {
        name: 'sources-overwritten-only',
        before: 'if (source === INITIAL || (last !== source && precedes(source, last))) return false',
        after: 'if (source === INITIAL || (last !== source && !precedes(source, last))) return false',
        breaks: 'writes that nothing came between are ruled out as sources',
      },
      {
        name: 'sources-wrong-guess-stays',
        before: 'candidates[n] = candidates[n].filter((each) => each !== source)',
        after: 'candidates[n] = candidates[n].filter((each) => each === source)',
        breaks: 'of the sources that a read may have, only the one that was wrong is left',
      },
    ],
  ),
  ...inFile('sequential/search.ts', definitions, [
    {
      name: 'sequential-search-cas-in-any-state',
      before: 'if (k === CAS) return expects[operation] === now ? writes[operation] : -1',
      after: 'if (k === CAS) return writes[operation]',
      breaks: 'a cas succeeds whatever the value is',
    },
    {
      name: 'sequential-search-forgets-to-go-back',
      before: 'state[key[operation]] = pathState[depth]',
      after: 'state[key[operation]] = initial',
      breaks: 'giving back a choice resets the value to the initial one',
    },
    {
      name: 'sequential-search-skips-candidates',
      before: 'if (fresh) cursor = -1',
      after: 'if (fresh) cursor = pathOperation[depth - 1]',
      breaks: 'operations called earlier than the last choice are not tried',
    },
    {
      name: 'sequential-search-unknown-outcome-too-early',
      before: 'if (needed !== -1 && position[threads.of[needed]] <= threads.place[needed]) return -1',
      after: 'if (needed !== -1 && position[threads.of[needed]] < threads.place[needed]) return -1',
      breaks: 'an operation of unknown outcome may come before its predecessor in its process',
    },
    {
      name: 'sequential-search-drops-observed-writes',
      before: 'return (operation) => observed.has(key[operation] * values + writes[operation])',
      after: 'return (operation) => !observed.has(key[operation] * values + writes[operation])',
      breaks: 'writes of unknown outcome that were read are dropped, the others kept',
    },
  ]),
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
    'linearizable/chain-zones.ts',
    ['chain-zones', 'agreement'],
    [
      {
        name: 'chains-in-a-circle',
        before: "if (reached < happened.reduce((total, each) => total + each, 0)) return { result: 'violated' }",
        after: "if (reached < 0) return { result: 'violated' }",
        breaks: 'two compare-and-sets may replace each other, or the same value',
      },
      {
        name: 'chains-in-any-order',
        before: "if (first[value] < latest) return { result: 'violated' }",
        after: "if (first[value] < latest - values) return { result: 'violated' }",
        breaks: 'a value may be read after a compare-and-set replaced it',
      },
      {
        name: 'chains-forget-unknown-cas',
        before: 'if (w !== NONE && kind[w] === CAS) hold(expects[w])',
        after: 'if (w !== NONE && kind[w] === CAS && w < 0) hold(expects[w])',
        breaks: 'a compare-and-set of unknown outcome may replace what nobody wrote',
      },
    ],
  ),
  ...inFile(
    'online/monitor.ts',
    ['online'],
    [
      {
        name: 'online-forgets-conflicts-of-old-blocks',
        before: 'if (isOutdated(block)) return true',
        after: 'if (isOutdated(block)) return false',
        breaks: 'a stale read of a value long overwritten is not noticed while a run goes on',
      },
      {
        name: 'online-settles-too-early',
        before: 'oldest = flight.call',
        after: 'oldest = flight.call + 3',
        breaks: 'a read that is in flight is called stale',
      },
      {
        name: 'online-tells-twins-apart',
        before: 'if (isAmbiguous(written)) return undefined',
        after: 'if (isAmbiguous(written) && position < 0) return undefined',
        breaks: 'a read is taken for one of the wrong write of its value',
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
  ...inFile(
    'outcomes.ts',
    ['report', 'mutants'],
    [
      {
        name: 'outcomes-pick-a-writer',
        before:
          'for (let number = 1; number <= count; number++) if (writers[number] === 1 && observed[number] === 1) happened++',
        after:
          'for (let number = 1; number <= count; number++) if (writers[number] >= 1 && observed[number] === 1) happened++',
        breaks: 'a write of unknown outcome is said to have happened though another wrote the same value',
      },
    ],
  ),
  ...inFile(
    'level.ts',
    ['report', 'mutants'],
    [
      {
        name: 'lattice-convergence-without-sessions',
        before: "'causal-convergence': ['causal', 'session'],",
        after: "'causal-convergence': ['causal'],",
        breaks: 'what causal convergence implies for sessions is not concluded',
      },
    ],
  ),
  ...inFile(
    'headline.ts',
    ['report', 'mutants'],
    [
      {
        name: 'lattice-eventual-for-free',
        before: "if (weaker === 'eventual') continue",
        after: "if (weaker === 'pram') continue",
        breaks: 'a history without final reads is said to have converged',
      },
    ],
  ),
  ...inFile('counterexample/sources.ts', definitions, [
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
  ...objectMutations,
]
