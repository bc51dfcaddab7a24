import { inFile, type Mutation } from './mutation.ts'

const registers = ['unknown-start']
const objects = ['unknown-object-start']

/** Deliberate mistakes in the treatment of unknown initial values. */
export const startMutations: readonly Mutation[] = [
  ...inFile('register/encoding/encode.ts', registers, [
    {
      name: 'start-null-is-no-value',
      before: 'const nullId = initialId === UNMENTIONED ? nothing : initialId',
      after: 'const nullId = initialId',
      breaks: 'null is read wherever the object holds what nobody mentions',
    },
  ]),
  ...inFile('register/start/candidates.ts', registers, [
    {
      name: 'start-is-only-what-nobody-mentions',
      before: 'if (expects[i] !== NOTHING && kind[i] !== DIFFERS && expects[i] !== initial) observed.add(expects[i])',
      after: 'if (expects[i] !== NOTHING && kind[i] === DIFFERS && expects[i] !== initial) observed.add(expects[i])',
      breaks: 'a value that somebody writes later cannot have been there at the start',
    },
    {
      name: 'start-certain-too-soon',
      before: 'if (written[expects[i]] < returns[i]) continue',
      after: 'if (written[expects[i]] < calls[i]) continue',
      breaks: 'a value whose write overlaps its read is taken to have been there at the start',
    },
    {
      name: 'start-seen-by-the-first-only',
      before: 'const values = [part.initial, ...observedBefore(part, firstAcknowledged(part))]',
      after: 'const values = [part.initial, ...observedBefore(part, part.calls[0] + 1)]',
      breaks: 'of several operations before the first write only one can see what was there',
    },
    {
      name: 'start-texts-are-whole',
      before: 'if (isRest[at + size] !== 1 || !pieces.has(text.slice(at, at + size))) continue',
      after: 'if (isRest[at + size] !== 1 || pieces.has(text.slice(at, at + size))) continue',
      breaks: 'a text that was read cannot begin with what was there and end with what was appended',
    },
  ]),
  ...inFile('register/start/cases.ts', registers, [
    {
      name: 'start-refuted-by-one-case',
      before: 'if (--left[part] > 0) return undefined',
      after: 'if (--left[part] > cases.length) return undefined',
      breaks: 'a key is contradictory as soon as one of the values that it may have held is',
    },
    {
      name: 'start-refuted-by-the-first-to-show',
      before: 'culprits[part].reduce((last, find) => Math.max(last, find()), since === -1 ? -1 : returns[since])',
      after: 'culprits[part].slice(0, 1).reduce((last, find) => Math.max(last, find()), -1)',
      breaks: 'the return that shows a contradiction shows it for one start only',
    },
  ]),
  ...inFile('register/start/choices.ts', registers, [
    {
      name: 'start-settled-for-cas-only',
      before: 'expects[i] = value !== NOTHING && encoded.expects[i] === value ? initial : encoded.expects[i]',
      after: 'expects[i] = value === NOTHING && encoded.expects[i] === value ? initial : encoded.expects[i]',
      breaks: 'a read of what is taken to have been there finds nobody who wrote it',
    },
    {
      name: 'start-of-another-key',
      before: 'const value = start[key[i]]',
      after: 'const value = start[0]',
      breaks: 'what the first key held is taken to have been there under every key',
    },
  ]),
  ...inFile('register/any-start/any.ts', registers, [
    {
      name: 'start-tried-once',
      before: 'if (choice.has(key[i]) || expects[i] === NOTHING || kind[i] === DIFFERS || !maySee(row[i])) continue',
      after: 'if (choice.size >= 0 || expects[i] === NOTHING || kind[i] === DIFFERS || !maySee(row[i])) continue',
      breaks: 'of the values that keys may have held, only the likeliest are tried',
    },
    {
      name: 'start-refuted-by-few-of-many',
      before: 'involved = complete([...involved, ...contradiction])',
      after: 'involved = [...involved, ...contradiction]',
      breaks: 'a read is called impossible although the write that it saw was only left out',
    },
  ]),
  ...inFile('register/start/may-see.ts', registers, [
    {
      name: 'start-hidden-before-the-write',
      before: 'if (wrote < call) return true',
      after: 'if (wrote !== call) return true',
      breaks: 'a client cannot see what was there before it writes',
    },
    {
      name: 'start-hidden-at-every-level',
      before: "if (hides === 'nothing') return false",
      after: "if (hides !== 'nothing') return false",
      breaks: 'what a client wrote hides what was there even where it need not see its own writes',
    },
  ]),
  ...inFile('register/causal/any-start.ts', registers, [
    {
      name: 'start-answered-for-another',
      before:
        'a.expects.every((value, i) => value === b.expects[i]) && a.writes.every((value, i) => value === b.writes[i])',
      after: 'a.expects.length === b.expects.length && a.writes.length === b.writes.length',
      breaks: 'what contradicts one start is taken to contradict the next',
    },
  ]),
  ...inFile('queue/bag.ts', objects, [
    {
      name: 'start-bag-full-although-found-empty',
      before: 'return isKnown ? [] : [state]',
      after: 'return [state]',
      breaks: 'a message that nobody put in comes out of a bag that was found empty',
    },
  ]),
  ...inFile('queue/queue.ts', objects, [
    {
      name: 'start-queue-keeps-older-messages',
      before: 'const rest: Messages = { isKnown: true, messages: messages.slice(1) }',
      after: 'const rest: Messages = { isKnown, messages: messages.slice(1) }',
      breaks: 'what was in a queue at the start comes out after what was put in',
    },
  ]),
  ...inFile('set/set.ts', objects, [
    {
      name: 'start-set-forgets-what-was-absent',
      before: ': present.every((each) => read.includes(each)) && !absent.some((each) => read.includes(each))',
      after: ': present.every((each) => read.includes(each))',
      breaks: 'an element that was removed, or not found, is read without having been added',
    },
  ]),
  ...inFile('counter/any-start.ts', objects, [
    {
      name: 'start-counter-counts-from-nothing',
      before: 'return !isKnown || decimal(read) === count ? [{ isKnown: true, count: decimal(read) }] : []',
      after: 'return decimal(read) === count ? [{ isKnown: true, count: decimal(read) }] : []',
      breaks: 'a counter cannot have begun with anything but 0',
    },
    {
      name: 'start-counter-at-least-too-much',
      before: 'least = Math.max(least, value - greatest[0])',
      after: 'least = Math.max(least, value - fewest[0])',
      breaks: 'a read cannot have counted what was being added while it went on',
    },
  ]),
  ...inFile('lock/lock.ts', objects, [
    {
      name: 'start-lock-is-free',
      before:
        'if (lockNumbers[f] === RELEASE) return holder === process || holder === null ? [{ holder: undefined, token }] : []',
      after: 'if (lockNumbers[f] === RELEASE) return holder === process ? [{ holder: undefined, token }] : []',
      breaks: 'who held a lock before the recording cannot release it',
    },
  ]),
  ...inFile(
    'register/online/any-start.ts',
    [...registers, 'online'],
    [
      {
        name: 'online-start-certain-though-ambiguous',
        before: "if (answer !== 'too much to remember' && !isAmbiguous) return answer",
        after: "if (answer !== 'too much to remember') return answer",
        breaks: 'a run is stopped although another value at the start explains it',
      },
      {
        name: 'online-start-hidden-too-early',
        before: 'return isOverwritten && early.size === 0 ? decide(UNMENTIONED) : undefined',
        after: 'return isOverwritten ? decide(UNMENTIONED) : undefined',
        breaks: 'a read that overlaps the first write is called impossible for what was there before',
      },
    ],
  ),
]
