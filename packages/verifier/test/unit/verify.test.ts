import { check } from '@chaosproxy/checker'
import { historyFromEvents, millis } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { Refused, sentenceOf, Unreadable, verify } from '../../src/index.ts'
import { differences, hashOf, history, proofText, verified } from '../maker.ts'

const head = { model: 'register', initial: null }

/**
 * The operation on line 1 writes 1, and the operation on line 3 reads 1. The operation on line 5, called after both
 * returned, reads null.
 */
const stale = history(
  '0 invoke write - 1',
  '0 ok write - 1',
  '1 invoke read -',
  '1 ok read - 1',
  '2 invoke read -',
  '2 ok read - null',
)

const findingsOf = (text: string, of: object, ...entries: readonly object[]): string[] =>
  verified(text, { ...head, ...of }, entries).findings.map(({ verdict, why }) => `${verdict}: ${why}`)

describe('a proof given to the verifier', () => {
  test('the verifier accepts a violation whose operations have no order, and reports the number of steps tried', () => {
    const [one] = findingsOf(stale, {}, { level: 'linearizable', result: 'violated', core: [1, 5] })
    expect(one).toBe('accepted: these 2 operations admit no order (2 steps tried)')
  })

  test.each([
    [
      'accepted',
      [5, 1],
      'linearizable is violated: these 2 operations admit no order (2 steps tried), see lines 1, 5 of the history',
    ],
    [
      'refused',
      [3],
      'not shown that linearizable is violated: an order of the core explains .*, see line 3 of the history',
    ],
  ])('a proof is reported as %s in one sentence with the lines of its operations', (verdict, core, sentence) => {
    const [finding] = verified(stale, head, [{ level: 'linearizable', result: 'violated', core }]).findings
    expect(finding?.verdict).toBe(verdict)
    expect(sentenceOf(finding!)).toMatch(new RegExp(`^${sentence.replaceAll(/[()]/g, '\\$&')}$`))
  })

  test('a proof of several levels is reported in one sentence that names each level', () => {
    const order = differences([5, 1, 3])
    const [finding] = verified(stale, head, [{ level: 'sequential', result: 'met', order }]).findings
    expect(sentenceOf(finding!, ['causal', 'pram'])).toMatch(/^causal, pram are met: an order of 3 operations/)
  })

  test('a proof of a met level is accepted if the order in the proof explains every answer', () => {
    const order = differences([5, 1, 3])
    expect(findingsOf(stale, {}, { level: 'sequential', result: 'met', order })).toEqual([
      'accepted: an order of 3 operations explains every answer',
    ])
  })

  test('a proof of "met" also proves weaker levels, and a proof of "violated" also proves stronger levels', () => {
    const met = { level: 'sequential', result: 'met', order: differences([5, 1, 3]) }
    expect(findingsOf(stale, {}, met, { level: 'causal', result: 'met', by: 'sequential' })[1]).toBe(
      'accepted: because sequential is met',
    )
    expect(findingsOf(stale, {}, met, { level: 'linearizable', result: 'met', by: 'sequential' })[1]).toBe(
      'refused: sequential does not imply linearizable',
    )
    expect(findingsOf(stale, {}, { level: 'causal', result: 'met', by: 'sequential' })).toEqual([
      'refused: the proof assumes that sequential is met, but no earlier entry proves this',
    ])
  })

  test.each([
    ['leaves an operation out', [5, 1], 'sequential', 'line 3: the order leaves this operation out'],
    ['invents an operation', [5, 1, 3, 4], 'sequential', 'line 4: no operation is called there'],
    ['names an operation twice', [5, 1, 3, 1], 'sequential', 'line 1: it is there twice'],
    ['does not replay', [1, 5, 3], 'sequential', 'line 5: the object would not have answered so'],
    [
      'is that of a stronger level',
      [5, 1, 3],
      'linearizable',
      'line 1: this operation returned before another was called, but the order puts it after the other',
    ],
  ])('the verifier refuses a proof of a met level whose order %s', (_, lines, level, why) => {
    expect(findingsOf(stale, {}, { level, result: 'met', order: differences(lines) })).toEqual([`refused: ${why}`])
  })

  test.each([
    ['has an order', [1, 3], 'an order of the core explains every answer that only the core can explain'],
    ['is empty', [], 'a core must name at least one operation'],
    ['names a line that calls nothing', [2], 'no operation is called on line 2'],
    ['names a line twice', [1, 1], 'the core names an operation twice'],
    // Another write may be the last one before the read.
    [
      'lacks a write that its read may owe its value to',
      [3],
      'an order of the core explains every answer that only the core can explain',
    ],
  ])('a proof of a violation is refused if its list of operations %s', (_, core, why) => {
    expect(findingsOf(stale, {}, { level: 'linearizable', result: 'violated', core })).toEqual([`refused: ${why}`])
  })

  test('a proof is refused if its hash belongs to another history, or if its text is truncated', () => {
    const entry = { level: 'linearizable', result: 'violated', core: [1, 5] }
    const proof = proofText(head, stale, [entry])
    const check = (text: string) => () => verify({ history: [stale], sha256: hashOf(stale), proof: text })
    expect(check(proof)).not.toThrow()
    expect(() => verify({ history: [`${stale}\n`], sha256: hashOf(`${stale}\n`), proof })).toThrow(Refused)
    expect(check(proof.slice(0, -10))).toThrow(/line 2 of the proof is not an entry/)
    expect(check(proofText(head, stale, []))).toThrow(/has no entry for any level/)
  })

  test('a proof is refused if an entry has a duplicate member or is nested thousands of levels deep', () => {
    for (const entry of [
      '{"level":"linearizable","result":"met","result":"violated","core":[1,5]}',
      `{"level":"linearizable","result":"violated","core":${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
    ]) {
      const proof = `${proofText(head, stale, [])}${entry}\n`
      expect(() => verify({ history: [stale], sha256: hashOf(stale), proof })).toThrow(Refused)
    }
  })

  test.each(['', 'a text', '{"level":"linearizable"}', '[]', '{"proof":2}', 'null'])(
    'a proof is unreadable if its text is "%s"',
    (proof) => {
      expect(() => verify({ history: [stale], sha256: hashOf(stale), proof })).toThrow(Unreadable)
    },
  )

  test.each([
    ['a level', {}, { level: 'pram', result: 'met', order: [] }],
    ['a level that does not exist', {}, { level: 'constructor', result: 'met', order: [] }],
    ['a model', { model: 'watch' }, { level: 'linearizable', result: 'met', order: [] }],
    ['final reads of a set', { model: 'set' }, { level: 'eventual', result: 'met', final: true }],
  ])('a proof is undecided if the verifier does not cover %s', (_, of, entry) => {
    expect(findingsOf(stale, of, entry)[0]).toMatch(/^undecided: .*the verifier does not cover/)
  })
})

describe('a history given to the verifier', () => {
  test.each([
    ['a busy process', ['0 invoke write - 1', '0 invoke write - 2']],
    ['a completion without a call', ['0 ok write - 1']],
  ])('a history is unreadable if it has %s', (_, lines) => {
    const text = history(...lines)
    const entry = { level: 'linearizable', result: 'met', order: [] }
    expect(() => verified(text, head, [entry])).toThrow(Unreadable)
  })

  test.each([
    ['names a member twice', '"value":1,"value":2', 'an object has two members of one name'],
    ['names a member of a value twice', '"value":{"a":1,"a" : 1}', 'an object has two members of one name'],
    [
      'is nested thousands deep',
      `"value":${'['.repeat(50_000)}${']'.repeat(50_000)}`,
      'lists and objects have more than',
    ],
    [
      'is nested deep in sets',
      `"value":${'{"#{}":'.repeat(5_000)}[]${'}'.repeat(5_000)}`,
      'lists and objects have more than',
    ],
  ])('a history is unreadable if a line %s', (_, member, why) => {
    const text = `{"process":0,"type":"invoke","f":"write",${member}}\n`
    const entry = { level: 'linearizable', result: 'met', order: [1] }
    const of = () => verified(text, head, [entry])
    expect(of).toThrow(Unreadable)
    expect(of).toThrow(`line 1: ${why}`)
  })

  test('a history is readable even if its strings look like JSON members', () => {
    const value = '{"a": 1, "a": 2, "a\\\\": 3}'
    const text = ['invoke', 'ok'].map((type) => `${JSON.stringify({ process: 0, type, f: 'write', value })}\n`).join('')
    const entry = { level: 'linearizable', result: 'met', order: [1] }
    expect(findingsOf(text, {}, entry)).toEqual(['accepted: an order of 1 operation explains every answer'])
  })

  test('a history may contain a transfer to the same account, which moves no money', () => {
    const transfer = { f: 'transfer', value: { from: 'b', to: 'b', amount: 5 } }
    const read = { f: 'read', value: { a: 3, b: 0 } }
    const text = [transfer, read]
      .flatMap((operation) => ['invoke', 'ok'].map((type) => `${JSON.stringify({ process: 0, type, ...operation })}\n`))
      .join('')
    const bank = { model: 'bank', initial: { a: 3, b: 0 } }
    const events = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const limits = { deadlineMs: millis(1_000), memoryBytes: 1e9, now: () => millis(0), failedCas: 'drop' } as const
    const report = check(historyFromEvents(events), { ...bank, ...limits, levels: ['linearizable'] })
    expect(report.levels.linearizable.result).toBe('met')
    expect(findingsOf(text, bank, { level: 'linearizable', result: 'met', order: [1, 2] })[0]).toMatch(/^accepted/)
    expect(findingsOf(text, bank, { level: 'linearizable', result: 'violated', core: [1, 3] })[0]).toMatch(/^refused/)
  })

  test('a history without operations meets linearizable and causal', () => {
    expect(findingsOf('', {}, { level: 'linearizable', result: 'met', order: [] })).toEqual([
      'accepted: an order of 0 operations explains every answer',
    ])
    expect(findingsOf('', {}, { level: 'causal', result: 'met', sources: [] })).toEqual([
      'accepted: the writes that the proof names for 0 reads satisfy this level',
    ])
  })

  test('a history is refused if it has whole numbers beyond 2^53', () => {
    const text = history('0 invoke write - 9007199254740993', '0 ok write - 9007199254740993')
    expect(findingsOf(text, {}, { level: 'linearizable', result: 'met', order: [1] })[0]).toMatch(
      /refused: .* is not exact/,
    )
  })

  test('the verdict on a proof is undecided if the history contains a function that the verifier does not know', () => {
    const text = history('0 invoke swap - 1', '0 ok swap - 1')
    expect(findingsOf(text, {}, { level: 'linearizable', result: 'met', order: [1] })[0]).toMatch(/undecided: .*"swap"/)
  })

  test('a history may be given as a string, which is read character by character', () => {
    const proof = proofText(head, stale, [{ level: 'linearizable', result: 'violated', core: [1, 5] }])
    const { findings } = verify({ history: stale, sha256: hashOf(stale), proof })
    expect(findings).toMatchObject([{ verdict: 'accepted' }])
  })
})

describe('the core of a violation', () => {
  test('the core of a violation is undecided if it has more than 60 operations', () => {
    const lines = Array.from({ length: 61 }, (_, at) => [`${at} invoke write - ${at}`, `${at} ok write - ${at}`]).flat()
    const core = Array.from({ length: 61 }, (_, at) => 2 * at + 1)
    expect(findingsOf(history(...lines), {}, { level: 'linearizable', result: 'violated', core })).toEqual([
      'undecided: a core of 61 operations is too large to search',
    ])
  })

  test('the core of a violation must contradict every initial value if the initial value of the register is unknown', () => {
    const text = history('0 invoke read -', '0 ok read - 1', '0 invoke read -', '0 ok read - 2')
    const unknown = { initial: undefined }
    expect(findingsOf(text, unknown, { level: 'linearizable', result: 'violated', core: [1, 3] })[0]).toMatch(
      /^accepted/,
    )
    expect(findingsOf(text, unknown, { level: 'linearizable', result: 'violated', core: [1] })[0]).toMatch(/^refused/)
    expect(findingsOf(text, unknown, { level: 'linearizable', result: 'met', start: 1, order: [1] })[0]).toMatch(
      /^refused/,
    )
  })

  test('a violation of a transactional level is undecided if the initial values are unknown', () => {
    const text = history('0 invoke txn -', '0 ok txn - [["r","x",5]]')
    const entry = { level: 'serializable', result: 'violated', core: [1] }
    expect(findingsOf(text, { model: 'rw-register', initial: undefined }, entry)[0]).toMatch(/^undecided/)
    expect(findingsOf(text, { model: 'rw-register', initial: 5 }, entry)[0]).toMatch(/^refused/)
  })

  test('verify treats a read without a value in a transaction as a read of an unknown value', () => {
    const text = history(
      '0 invoke txn - [["append","x",1]]',
      '0 ok txn - null',
      '0 invoke txn - [["append","x",2],["r","x"]]',
      '0 ok txn - [["append","x",2],["r","x"]]',
      '0 invoke txn - [["r","x"]]',
      '0 ok txn - [["r","x",[2,1]]]',
    )
    const lists = { model: 'list-append', initial: null }
    const met = (...order: number[]): string =>
      findingsOf(text, lists, { level: 'serializable', result: 'met', order: differences(order) })[0] ?? ''
    expect(met(3, 1, 5)).toMatch(/^accepted/)
    expect(met(1, 3, 5)).toMatch(/^refused/)
    const core = (...lines: number[]): object => ({ level: 'strict-serializable', result: 'violated', core: lines })
    expect(findingsOf(text, lists, core(1, 3, 5))[0]).toMatch(/^accepted/)
    expect(findingsOf(text, lists, core(1, 3))[0]).toMatch(/^refused/)
  })

  test('the core of a violation may omit operations that were called after the last return in the core', () => {
    const before = ['0 invoke cas - [2,3]', '0 info cas -', '1 invoke read -']
    const [read, write] = ['1 ok read - 3', '2 invoke write - 2']
    const entry = { level: 'linearizable', result: 'violated', core: [1, 3] }
    expect(findingsOf(history(...before, read, write), {}, entry)[0]).toMatch(/^accepted/)
    expect(findingsOf(history(...before, write, read), {}, entry)[0]).toMatch(/^refused/)
  })

  test('verify counts all additions that a read of a counter may include, even additions that the proof leaves out', () => {
    const text = history('0 invoke add - 2', '0 ok add - 2', '1 invoke read -', '1 ok read - 3', '0 invoke add - 1')
    const entry = { level: 'linearizable', result: 'violated', core: [3] }
    expect(findingsOf(text, { model: 'counter' }, entry)[0]).toMatch(/^accepted/)
    const open = history('0 invoke add - 2', '0 ok add - 2', '1 invoke read -', '0 invoke add - 1', '1 ok read - 3')
    expect(findingsOf(open, { model: 'counter' }, entry)[0]).toMatch(/^refused/)
  })
})

test('verify accepts a met causal level if the proof names the write that each read returned', () => {
  // Process 1 reads 2 from y, which process 0 wrote after it wrote 1 to x. Yet the next read of process 1 returns null
  // for x.
  const text = history(
    '0 invoke write x 1',
    '0 ok write x 1',
    '0 invoke write y 2',
    '0 ok write y 2',
    '1 invoke read y',
    '1 ok read y 2',
    '1 invoke read x',
    '1 ok read x null',
  )
  expect(findingsOf(text, {}, { level: 'monotonic-reads', result: 'met', sources: [3, 0] })[0]).toMatch(/^accepted/)
  expect(findingsOf(text, {}, { level: 'causal', result: 'met', sources: [3, 0] })[0]).toMatch(/^refused/)
  expect(findingsOf(text, {}, { level: 'causal', result: 'met', sources: [3, 1] })[0]).toBe(
    'refused: line 7: the proof says that this read saw line 1, which is impossible',
  )
  expect(findingsOf(text, {}, { level: 'causal', result: 'violated', core: [1, 3, 5, 7] })[0]).toMatch(/^accepted/)
  expect(findingsOf(text, {}, { level: 'causal', result: 'violated', core: [1, 5, 7] })[0]).toMatch(/^refused/)
})

test('a read of an older write by another client violates linearizable but not sequential', () => {
  const text = history(
    '0 invoke write - 1',
    '0 ok write - 1',
    '1 invoke write - 2',
    '1 ok write - 2',
    '1 invoke read -',
    '1 ok read - 1',
  )
  expect(findingsOf(text, {}, { level: 'sequential', result: 'violated', core: [3, 5] })[0]).toMatch(/^refused/)
  expect(findingsOf(text, {}, { level: 'linearizable', result: 'violated', core: [3, 5] })[0]).toMatch(/^accepted/)
})

test('monotonic-writes forbids a client to read a value that it writes later', () => {
  const text = history('0 invoke read -', '0 ok read - 1', '0 invoke write - 1', '0 ok write - 1')
  expect(findingsOf(text, {}, { level: 'monotonic-writes', result: 'met', sources: [3] })[0]).toMatch(/^refused/)
})

test('equal final reads of a value that was never written violate eventual and meet convergent', () => {
  const read = { process: 0, type: 'invoke', f: 'read', value: null, final: true }
  const text = `${JSON.stringify(read)}\n${history('0 ok read - 9')}`
  expect(findingsOf(text, {}, { level: 'eventual', result: 'met', final: true })[0]).toMatch(/^refused/)
  expect(findingsOf(text, {}, { level: 'eventual', result: 'violated', final: true })[0]).toMatch(/^accepted/)
  expect(findingsOf(text, {}, { level: 'convergent', result: 'met', final: true })[0]).toMatch(/^accepted/)
})

test('a proof lists a drain once for each drained message, and once more for the empty queue', () => {
  const drained = (answer: string): string =>
    history(
      ...['0 invoke enqueue - 1', '0 ok enqueue - 1', '0 invoke enqueue - 2', '0 ok enqueue - 2'],
      ...['1 invoke drain -', `1 ok drain - ${answer}`],
    )
  const order = { level: 'linearizable', result: 'met', order: differences([1, 3, 5, 5, 5]) }
  const core = { level: 'linearizable', result: 'violated', core: [1, 3, 5] }
  const queue = { model: 'queue' }
  expect(findingsOf(drained('[1,2]'), queue, order)[0]).toMatch(/^accepted/)
  expect(findingsOf(drained('[1,2]'), queue, { ...order, order: differences([1, 3, 5, 5]) })[0]).toMatch(/^refused/)
  expect(findingsOf(drained('[1,2]'), queue, core)[0]).toMatch(/^refused/)
  expect(findingsOf(drained('[2,1]'), queue, order)[0]).toMatch(/^refused/)
  // The drain's answer does not show in which order it took the messages.
  expect(findingsOf(drained('[2,1]'), queue, core)[0]).toMatch(/^refused/)
  expect(findingsOf(drained('[1]'), queue, core)[0]).toMatch(/^accepted/)
  expect(findingsOf(drained('[1,2,3]'), queue, core)[0]).toMatch(/^accepted/)
})
