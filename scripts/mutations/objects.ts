import { inFile, type Mutation } from './mutation.ts'

const definitions = ['objects', 'medium-objects', 'odd-objects', 'accounting']

/** Deliberate mistakes in the models other than registers, and in how they are judged. */
export const objectMutations: readonly Mutation[] = [
  ...inFile('object/model/part.ts', definitions, [
    {
      name: 'objects-count-what-failed',
      before: 'if (operations.outcome[i] === FAIL || operations.outcome[i] === UNJUDGED) continue',
      after: 'if (operations.outcome[i] === UNJUDGED) continue',
      breaks: 'an operation that failed is taken to have happened',
    },
    {
      name: 'objects-drain-nothing',
      before: 'if (operations.outcome[i] !== INFO || isOpenEnded) continue',
      after: 'if (operations.outcome[i] === INFO || isOpenEnded) continue',
      breaks: 'a drain of unknown outcome is taken not to have happened',
    },
    {
      name: 'objects-forget-what-was-there',
      before: 'return itemsAtFirst + rows.filter((i) => adds(numbers[operations.f[i]])).length',
      after: 'return rows.filter((i) => adds(numbers[operations.f[i]])).length',
      breaks: 'a drain of unknown outcome cannot have had what was there from the start',
    },
  ]),
  ...inFile('object/search/search.ts', definitions, [
    {
      name: 'objects-first-return-first',
      before: 'if (code[entry] === code[operation] && returns[entry] < returns[operation]) return true',
      after: 'if (returns[entry] < returns[operation]) return true',
      breaks: 'operations that do different things are not tried in both orders',
    },
    {
      name: 'objects-memo-forgets-the-state',
      before: 'key[1] = state',
      after: 'key[1] = 0',
      breaks: 'an order is given up because another, that led to another state, led nowhere',
    },
    {
      name: 'objects-unknown-before-its-call',
      before: 'if (member === undefined || calls[member] > firstReturn) continue',
      after: 'if (member === undefined) continue',
      breaks: 'an operation of unknown outcome may take effect before it was called',
    },
    {
      name: 'objects-one-effect-only',
      before: 'return several(after)[alternative] ?? IMPOSSIBLE',
      after: 'return alternative === 0 ? (several(after)[0] ?? IMPOSSIBLE) : IMPOSSIBLE',
      breaks: 'a dequeue of unknown outcome can only have taken one certain message',
    },
  ]),
  ...inFile(
    'object/search/replay.ts',
    ['object-replay', ...definitions],
    [
      {
        name: 'objects-replay-in-any-order',
        before: `if (part.returns[i] < latestCall) return \`operation \${i} returned before one that precedes it was called\``,
        after: `if (part.returns[i] < -1) return \`operation \${i} returned before one that precedes it was called\``,
        breaks: 'a witness that contradicts real time is believed',
      },
      {
        name: 'objects-replay-without-results',
        before: `if (!isPossible(i)) return \`operation \${i} is not possible where it is placed\``,
        after: `if (!isPossible(i) && i < 0) return \`operation \${i} is not possible where it is placed\``,
        breaks: 'a witness whose results the object cannot give is believed',
      },
      {
        name: 'objects-replay-of-some',
        before: 'return missingIn(seen, part.returns)',
        after: 'return undefined',
        breaks: 'a witness that leaves out what was acknowledged is believed',
      },
    ],
  ),
  ...inFile('object/model/slots.ts', definitions, [
    {
      name: 'slots-in-any-order',
      before: 'if (returns[i] < calls[latest[at]]) return violated([latest[at], i])',
      after: 'if (returns[i] < calls[latest[at]] - length) return violated([latest[at], i])',
      breaks: 'what reads show of the order may contradict real time',
    },
    {
      name: 'slots-loose-at-any-time',
      before: 'if (before < firstOfSlot(slot[i])) return violated([latest[before], i])',
      after: 'if (before < 0) return violated([latest[before], i])',
      breaks: 'a repeated addition may come before the first',
    },
  ]),
  ...inFile('queue/lives.ts', definitions, [
    {
      name: 'bag-takes-before-it-was-given',
      before: 'if (calls[enqueue] > returns[dequeue]) return violated([enqueue, dequeue])',
      after: 'if (calls[enqueue] > returns[dequeue] + length) return violated([enqueue, dequeue])',
      breaks: 'a message may come out before it was enqueued',
    },
  ]),
  ...inFile('queue/account.ts', definitions, [
    {
      name: 'bag-account-forgives-one',
      before: 'if (sure > taken) missing.push(accounted(history, row, value, sure - taken))',
      after: 'if (sure > taken + 1) missing.push(accounted(history, row, value, sure - taken))',
      breaks: 'an acknowledged message that never came out is not listed as lost',
    },
    {
      name: 'bag-drained-too-early',
      before: 'const gone = missing.filter(({ operation }) => drained.has(key[operation]))',
      after: 'const gone = missing',
      breaks: 'messages that may still be inside are called lost',
    },
  ]),
  ...inFile('queue/gaps.ts', definitions, [
    {
      name: 'gaps-after-the-return',
      before: 'return at !== undefined && at < to ? at + HALF : undefined',
      after: 'return at !== undefined ? at + HALF : undefined',
      breaks: 'a dequeue may find nothing at a moment after it returned',
    },
    {
      name: 'gaps-over-what-nobody-took',
      before: 'isPossible[positions.length - 1] = certain === 0 && spare >= 0',
      after: 'isPossible[positions.length - 1] = certain === 0',
      breaks: 'a dequeue may find nothing though a message is there that nobody took',
    },
  ]),
  ...inFile('queue/queue.ts', definitions, [
    {
      name: 'queue-out-in-any-order',
      before:
        'while (at.dequeueFrom < all.length && lives[byDequeueFrom[at.dequeueFrom]].dequeueFrom <= firstDequeued)',
      after: 'while (at.dequeueFrom < all.length && firstDequeued >= 0)',
      breaks: 'messages may come out in another order than they went in',
    },
  ]),
  ...inFile('set/set.ts', definitions, [
    {
      name: 'set-forgets-elements',
      before: 'if (old !== size) return contradiction',
      after: 'if (old > size) return contradiction',
      breaks: 'a read may lack what an earlier one had',
    },
    {
      name: 'set-counts-the-last-addition',
      before: 'if (seen > 0 && (first === undefined || calls[i] < calls[first])) adders[element] = i',
      after: 'if (seen > 0 && (first === undefined || calls[i] > calls[first])) adders[element] = i',
      breaks: 'of several additions of an element the last must have come before it was read',
    },
  ]),
  ...inFile('lock/lock.ts', definitions, [
    {
      name: 'lock-two-holders',
      before: 'if (holder !== undefined && to(holder) > from(tenure)) return violated(both(holder, tenure))',
      after:
        'if (holder !== undefined && to(holder) > from(tenure) + part.length) return violated(both(holder, tenure))',
      breaks: 'two processes may hold the lock for a short while',
    },
    {
      name: 'lock-tokens-may-repeat',
      before: 'if (token !== undefined && value <= token.value) return violated(both(token.of, tenure))',
      after: 'if (token !== undefined && value < token.value) return violated(both(token.of, tenure))',
      breaks: 'two holders may have the same fencing token',
    },
  ]),
  ...inFile('log/dense.ts', definitions, [
    {
      name: 'log-two-values-at-one-offset',
      before: 'if (part.input[append] !== id) return violated([append, i])',
      after: 'if (part.input[append] < -id) return violated([append, i])',
      breaks: 'a read may return another value than the one that was acknowledged at its offset',
    },
    {
      name: 'log-full-reads-see-the-end',
      before: 'loose[i] = limit !== undefined && read.length === limit ? 1 : 0',
      after: 'loose[i] = limit !== undefined && read.length > limit ? 1 : 0',
      breaks: 'a read that was limited is taken to have seen the end of the log',
    },
  ]),
  ...inFile('list-append/list-append.ts', definitions, [
    {
      name: 'list-reads-in-any-order',
      before: 'if (read.length < start.length || !isBeginning(read, order, budget)) {',
      after: 'if (read.length < start.length) {',
      breaks: 'two reads may have the same elements in different orders',
    },
  ]),
  ...inFile('counter/counter.ts', definitions, [
    {
      name: 'counter-counts-what-was-called-first',
      before: 'const open = createHeap((a, b) => returns[a] - returns[b])',
      after: 'const open = createHeap((a, b) => part.calls[a] - part.calls[b])',
      breaks: 'an addition is counted though another, called later, returned before it',
    },
  ]),
  ...inFile(
    'object/model/decimal.ts',
    ['odd-objects'],
    [
      {
        name: 'sums-of-doubles',
        before:
          'export const decimal = (sum: number): number => (Number.isInteger(sum) ? sum : Number(sum.toFixed(PLACES)))',
        after: 'export const decimal = (sum: number): number => (PLACES > 0 ? sum : 0)',
        breaks: 'eight tenths are not 0.8',
      },
    ],
  ),
  ...inFile('bank/bank.ts', definitions, [
    {
      name: 'bank-overdrawn',
      before: 'if (isKnown && now < 0) return undefined',
      after: 'if (isKnown && now < -9) return undefined',
      breaks: 'a transfer may move more than there is',
    },
    {
      name: 'bank-moves-twice',
      before: 'if (id !== undefined && bank.done.includes(id)) return [bank]',
      after: 'if (id === undefined && bank.done.includes("")) return [bank]',
      breaks: 'a transfer that was sent twice may take effect twice',
    },
  ]),
  ...inFile('unique-ids/unique-ids.ts', definitions, [
    {
      name: 'ids-given-twice',
      before: 'if (known !== undefined) return violated([known, i])',
      after: 'if (known === i) return violated([known, i])',
      breaks: 'an id may be given out twice',
    },
  ]),
  ...inFile(
    'multi-register/multi-register.ts',
    ['multi-register'],
    [
      {
        name: 'registers-forget-what-a-txn-wrote',
        before: "if (f === 'write' || there === undefined) after.set(register, content)",
        after:
          "if ((f === 'write' && operation.output === undefined) || there === undefined) after.set(register, content)",
        breaks: 'a txn cannot read what it wrote itself',
      },
      {
        name: 'registers-read-anything',
        before: 'else if (there !== content) return []',
        after: 'else if (there === undefined) return []',
        breaks: 'a register may be read as if nobody had written it',
      },
      {
        name: 'registers-of-one-txn-apart',
        before: 'for (const { register } of txn) into[groupNamed(register)] = groupNamed(txn[0].register)',
        after: 'for (const { register } of txn) groupNamed(register)',
        breaks: 'registers that one txn has together are judged without what others did to the second',
      },
    ],
  ),
  ...inFile(
    'object/search/in-client-order.ts',
    ['multi-register'],
    [
      {
        name: 'client-order-memo-forgets-the-state',
        before: 'words[1] = state',
        after: 'words[1] = 0',
        breaks: 'an order is given up because another, that led to another state, led nowhere',
      },
      {
        name: 'client-order-skips-candidates',
        before: 'if (fresh) cursor = -1',
        after: 'if (fresh) cursor = path.length',
        breaks: 'operations called earlier than the last choice are not tried',
      },
    ],
  ),
  ...inFile(
    'encoding/threads.ts',
    ['multi-register'],
    [
      {
        name: 'client-order-within-threads-only',
        before: 'if (position[of[needed]] <= place[needed]) return -1',
        after: 'if (position[of[needed]] < 0) return -1',
        breaks: 'what a client did on several connections may come in any order',
      },
    ],
  ),
  ...inFile(
    'object/model/sums.ts',
    ['sums'],
    [
      {
        name: 'sums-forget-what-is-open',
        before: 'sums.most[a] += invoked.up[a]',
        after: 'sums.most[a] += done.up[a]',
        breaks: 'a read may not see a change that has no answer',
      },
      {
        name: 'sums-count-what-returned-later',
        before: 'atCall.save(i, done.up, done.down)',
        after: 'atCall.save(i, asked.up, asked.down)',
        breaks: 'a read has to see what was only called before it',
      },
      {
        name: 'sums-of-reads-contradict-none',
        before: 'if (highest < most[amount]) {',
        after: 'if (highest < least[amount]) {',
        breaks: 'two reads that no start explains are met',
      },
    ],
  ),
  ...inFile(
    'bank/sums.ts',
    ['sums'],
    [
      {
        name: 'sums-have-no-total',
        before: 'amounts[TOTAL] += amount',
        after: 'amounts[TOTAL] += Math.max(amount, 0)',
        breaks: 'a withdrawal leaves the sum of all balances',
      },
      {
        name: 'sums-count-each-copy',
        before: 'return id !== undefined && (!isKnown || (copies.get(id) ?? 0) > 1) ? NEVER : event',
        after: 'return id !== undefined && !isKnown ? NEVER : event',
        breaks: 'a transfer that is sent again by its id has to be made twice',
      },
    ],
  ),
]
