import { inFile, type Mutation } from './mutation.ts'

const definitions = ['mutants', 'agreement', 'medium.test']

/** Deliberate mistakes in deciding linearizability: zones, depth-first search, online monitor, replay of witnesses. */
export const linearizableMutations: readonly Mutation[] = [
  ...inFile('register/linearizable/distinct/zones.ts', definitions, [
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
      before: '} else if (isForward || first[group] < ends[k]) {',
      after: '} else if (!isForward && first[group] < ends[k]) {',
      breaks: 'two values that must both be held at one moment are let through',
    },
    {
      name: 'zones-backward-zone-must-begin-later',
      before: '} else if (isForward || first[group] < ends[k]) {',
      after: '} else if (isForward || last[group] < ends[k]) {',
      breaks: 'a write that overlaps the end of another value is called impossible',
    },
  ]),
  ...inFile(
    'register/linearizable/distinct/chain-zones.ts',
    ['chain-zones', 'agreement'],
    [
      {
        name: 'chains-in-a-circle',
        before: 'return unreached === 0 ? { next, follows } : { conflict: [] }',
        after: 'return unreached >= 0 ? { next, follows } : { conflict: [] }',
        breaks: 'two compare-and-sets may replace each other, or the same value',
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
    'register/linearizable/distinct/chains.ts',
    ['chain-zones', 'append-', 'agreement'],
    [
      {
        name: 'chains-in-any-order',
        before: 'if (first[v] < called || first[v] < latest) {',
        after: 'if (first[v] < called) {',
        breaks: 'a value may be read after a compare-and-set replaced it',
      },
      {
        name: 'chains-of-one-key-only',
        before: 'for (let k = 0; k < keys; k++) isViolated[k] |= isBroken[k]',
        after: 'for (let k = 0; k < 1; k++) isViolated[k] |= isBroken[k]',
        breaks: 'only the first key may be found wrong within its chains',
      },
    ],
  ),
  ...inFile(
    'register/linearizable/distinct/versions.ts',
    ['append-', 'agreement'],
    [
      {
        name: 'versions-of-another-key',
        before: 'if (version < length && (version === NONE || key[version] !== k)) {',
        after: 'if (version === NONE) {',
        breaks: 'a text that two keys had is taken for the version of the wrong one',
      },
      {
        name: 'versions-between-pieces',
        before: 'return version !== NONE && sizes[version] === size ? version : NONE',
        after: 'return version',
        breaks: 'half a piece may be read',
      },
      {
        name: 'versions-of-unknown-outcome-left-out',
        before: 'const isSeen = returns[i] !== NEVER || follows[i] === 1 || isRead[i] === 1 || next[i] !== NONE',
        after: 'const isSeen = returns[i] !== NEVER',
        breaks: 'an append of unknown outcome that was seen did not happen',
      },
    ],
  ),
  ...inFile(
    'register/linearizable/distinct/pieces.ts',
    ['append-', 'agreement'],
    [
      {
        name: 'pieces-begin-one-another',
        before: 'if (at(pageOf(texts, entry), start, start + sizeOf(i) - 1, key[i]) !== NONE) isUnclear[key[i]] = 1',
        after: 'if (at(pageOf(texts, entry), start, start, key[i]) !== NONE) isUnclear[key[i]] = 1',
        breaks: 'a text is read as other pieces than it was made of',
      },
      {
        name: 'pieces-of-half-characters',
        before: 'if (bytes[at] === BACKSLASH && bytes[at + 1] === LETTER_U && bytes[at + 2] === LETTER_D) return false',
        after: 'if (bytes[at] === BACKSLASH && bytes[at + 1] === LETTER_U && at < 0) return false',
        breaks: 'two halves of a character that were appended one after the other are not found in what was read',
      },
    ],
  ),
  ...inFile(
    'register/replay/text-replay.ts',
    ['append-keys'],
    [
      {
        name: 'text-replay-ignores-real-time',
        before: 'if (key[i] !== k || seen[i] === 1 || returns[i] < latestCall[k]) return false',
        after: 'if (key[i] !== k || seen[i] === 1) return false',
        breaks: 'a witness of appends may go against real time',
      },
      {
        name: 'text-replay-compares-beginnings',
        before: 'if (!isString(id) || endOf(texts, id >> 1) - 1 - from !== size) return false',
        after: 'if (!isString(id) || endOf(texts, id >> 1) - 1 - from < size) return false',
        breaks: 'a witness of appends may read what was not appended yet',
      },
    ],
  ),
  ...inFile('register/linearizable/search/search.ts', definitions, [
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
  ...inFile('register/linearizable/open/optional.ts', definitions, [
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
  ...inFile('register/replay/appends.ts', definitions, [
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
  ...inFile('search/memo.ts', definitions, [
    {
      name: 'memo-trusts-one-word',
      before: 'if (word === width) return false',
      after: 'if (word > 0) return false',
      breaks: 'configurations that agree in one word are taken for one',
    },
  ]),
  ...inFile('register/replay/replay.ts', definitions, [
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
      before: 'return missingIn(seen, returns)',
      occurrence: 1,
      after: 'return undefined',
      breaks: 'a witness may leave out a completed operation',
    },
    {
      name: 'replay-allows-missing-operations-on-one-key',
      before: 'return missingIn(seen, returns)',
      occurrence: 2,
      after: 'return undefined',
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
      before: `if (returns[i] < latest) return \`operation \${i} is out of its client's order\``,
      after: `if (latest < -1) return \`operation \${i} is out of its client's order\``,
      breaks: "a witness of sequential consistency need not respect a client's order",
    },
    {
      name: 'replay-unknown-outcome-before-what-came-next',
      before: `if (returns[i] < latest) return \`operation \${i} is out of its client's order\``,
      after: `if (calls[i] < latest) return \`operation \${i} is out of its client's order\``,
      breaks: 'a check fails where a client went on after an operation of unknown outcome',
    },
    {
      name: 'replay-unknown-outcome-at-any-time',
      before: 'if (calls[i] > latest) latestOfClient.set(clients[i], calls[i])',
      after: 'if (calls[i] > latest && returns[i] !== NEVER) latestOfClient.set(clients[i], calls[i])',
      breaks: 'a witness may place what has an unknown outcome before what its client did earlier',
    },
    {
      name: 'replay-believes-failed-cas',
      before: `if (holds === (k === DIFFERS)) return \`operation \${i} is not legal where it is placed\``,
      after: `if (!holds && k !== DIFFERS) return \`operation \${i} is not legal where it is placed\``,
      breaks: 'a witness may place a failed cas where it would have succeeded',
    },
  ]),
  ...inFile(
    'online/checker.ts',
    ['online'],
    [
      {
        name: 'online-believes-what-was-not-understood',
        before: `if (f !== 'touched' && f !== 'not-understood') return`,
        after: `if (f !== 'touched') return`,
        breaks: 'a key is called linearizable during a run although some answer could not be read',
      },
    ],
  ),
  ...inFile(
    'register/online/monitor.ts',
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
      {
        name: 'online-chain-called-last',
        before: 'if (each.call > block.last) block.last = each.call',
        after: 'block.last = each.call',
        breaks: 'that a chain of compare-and-sets was begun after another value is forgotten',
      },
    ],
  ),
]
