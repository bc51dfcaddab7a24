import { expect, test } from 'vitest'
import { beats, during, paused } from '../../src/beats.ts'

test('the template tag `beats` turns each line of a script into a request with its expected answer, or a remark', () => {
  const pay = { from: 'a', to: 'b', amount: 4 }
  expect(beats`
    0 Ana n1 write seat "row 8" -- Ana writes.
    10 Ben n2 read seat = null -- Ben reads.
    20 Ben n2 cas seat null Ben refused "no answer" -- It fails for this reason.
    30 Ben n2 add visits 1 refused -- It fails.
    40 Ana n1 add "all visits" -1 unanswered -- Nobody answers.
    50 Ana n1 transfer ${pay} -- Ana pays.
    60 Ana n1 read = ${{ a: 1 }} -- Ana reads all accounts.
    70 -- Nothing happens.`).toEqual([
    asking(0, 'Ana', 'n1', { f: 'write', key: 'seat', value: 'row 8' }, { type: 'ok', value: 'row 8' }, 'Ana writes.'),
    asking(10, 'Ben', 'n2', { f: 'read', key: 'seat', value: null }, { type: 'ok', value: null }, 'Ben reads.'),
    asking(
      20,
      'Ben',
      'n2',
      { f: 'cas', key: 'seat', value: [null, 'Ben'] },
      { type: 'fail', because: 'no answer' },
      'It fails for this reason.',
    ),
    asking(30, 'Ben', 'n2', { f: 'add', key: 'visits', value: 1 }, { type: 'fail' }, 'It fails.'),
    asking(40, 'Ana', 'n1', { f: 'add', key: 'all visits', value: -1 }, { type: 'info' }, 'Nobody answers.'),
    asking(50, 'Ana', 'n1', { f: 'transfer', value: pay }, { type: 'ok', value: pay }, 'Ana pays.'),
    asking(60, 'Ana', 'n1', { f: 'read', value: null }, { type: 'ok', value: { a: 1 } }, 'Ana reads all accounts.'),
    { type: 'remark', atMs: 70, says: 'Nothing happens.' },
  ])
})

test('the template tag `beats` keeps an inserted fault at its position, even inside an inserted script', () => {
  const outage = during([5, 9], paused('n1'), 'n1 pauses.')
  const shared = beats`
    0 -- It begins.
    ${outage}`
  expect(beats`
    ${shared}
    ${'10 -- It ends.'}`).toEqual([
    { type: 'remark', atMs: 0, says: 'It begins.' },
    outage,
    { type: 'remark', atMs: 10, says: 'It ends.' },
  ])
})

test('the template tag `beats` refuses a malformed line, and shows the line or the expected form', () => {
  expect(() => beats`Ana n1 read seat -- Ana reads.`).toThrow('TIME WHO NODE OPERATION -- TEXT')
  expect(() => beats`0 Ana n1 -- Ana reads.`).toThrow('0 Ana n1 -- Ana reads.')
  expect(() => beats`0 Ana n1 read seat -- Ana reads.`).toThrow('= VALUE')
})

const asking = (atMs: number, who: string, node: string, input: object, answer: object, says: string) => ({
  ...{ type: 'asking', atMs, who, node },
  ...{ input, answer, says },
})
