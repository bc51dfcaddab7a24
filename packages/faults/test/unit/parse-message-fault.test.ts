import { messageFamily, parametersOf } from '@chaosproxy/faults'
import { UserError } from '@chaosproxy/history'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const links = ['n1>n2']
const refusal = (value: unknown): string => {
  try {
    messageFamily.parse(value, 'faults.json')
  } catch (error) {
    if (error instanceof UserError) return error.message
    throw error
  }
  return 'accepted'
}

describe('the parser of message faults', () => {
  test('the parser of message faults fills in the declared defaults', () => {
    expect(messageFamily.parse({ kind: 'reorder-message', links, when: { every: 3 } }, 'x')).toEqual({
      kind: 'reorder-message',
      behind: 1,
      withinMs: 1000,
      links: [{ from: 'n1', to: 'n2' }],
      when: { every: 3 },
    })
  })

  test.each(messageFamily.kinds.map(({ kind, parameters }) => [kind, parametersOf(parameters)] as const))(
    'the parser of message faults requires each parameter of %s that has no default',
    (kind, parameters) => {
      expect(messageFamily.has(kind)).toBe(true)
      const given: { [name: string]: unknown } = { kind, links }
      for (const { name, ...parameter } of parameters) {
        if (parameter.default === undefined) expect(refusal(given)).toContain(`needs "${name}"`)
        given[name] = parameter.unit === 'flag' ? true : 1
      }
      expect(messageFamily.parse(given, 'x')).toMatchObject({ ...given, links: [{ from: 'n1', to: 'n2' }] })
    },
  )

  test('the parser of message faults accepts every member of "match" and every member of "when"', () => {
    const match = { contains: 'x', member: 'entry.term', equals: null, command: 'SET', key: 'k', not: { key: 'j' } }
    const when = { probability: 0.5, nth: 2, first: 2, every: 2, afterMessages: 1, fromMs: 0, untilMs: 5 }
    expect(Object.keys(match)).toEqual(Object.keys(messageFamily.match))
    expect(Object.keys(when)).toEqual(Object.keys(messageFamily.when))
    expect(messageFamily.parse({ kind: 'drop-message', links, match, when }, 'x')).toMatchObject({ match, when })
  })

  test.each([
    [undefined, 'faults.json: undefined is not an object'],
    [{ links }, 'faults.json: "kind" is missing. Known: drop-message, duplicate-message'],
    [{ kind: 'latency', links }, 'faults.json: there is no message fault "latency". Known: drop-message'],
    [{ kind: 'toString', links }, 'there is no message fault "toString"'],
    [{ kind: 'drop-message' }, 'faults.json: "links" must be a list of links'],
    [{ kind: 'drop-message', links, copies: 1 }, 'drop-message has no parameter "copies". It has: none.'],
    [{ kind: 'duplicate-message', links, copies: 101 }, '"copies" is 101. Give a whole number, 1 to 100.'],
    [{ kind: 'duplicate-message', links, copies: 0 }, '"copies" is 0. Give a whole number, 1 to 100.'],
    [{ kind: 'reorder-message', links, withinMs: 1e9 }, 'a number of milliseconds, 0 to 3600000'],
    [{ kind: 'fabricate-message', links }, 'fabricate-message needs "message": the message to send instead.'],
    [
      { kind: 'drop-message', links, match: { equals: 1 } },
      '"equals" compares a member with a value. Also give "member", the name of this member',
    ],
    [{ kind: 'drop-message', links, match: { header: 'x' } }, '"match" has no parameter "header"'],
    [{ kind: 'drop-message', links, when: { nth: 0 } }, '"when": "nth" is 0. Give a whole number, at least 1.'],
    [{ kind: 'drop-message', links, when: { probability: 2 } }, '"probability" is 2. Give a probability from 0 to 1.'],
  ])('the parser of message faults refuses %j with advice', (value, message) => {
    expect(refusal(value)).toContain(message)
  })

  test('the parser of message faults accepts or refuses any input without crashing', () => {
    const kinds = fc.constantFrom(...messageFamily.kinds.map(({ kind }) => kind), 'x')
    const value = fc.oneof(
      fc.jsonValue(),
      fc.record({ kind: kinds, links: fc.constant(links), match: fc.jsonValue(), when: fc.jsonValue() }),
    )
    fc.assert(fc.property(value, (given) => void refusal(given)))
  })
})

test('the refusal of a Redis command with spaces in a fault proposes a command and a key', () => {
  expect(() => messageFamily.parse({ kind: 'drop-message', links, match: { command: 'GET x' } }, 'rules')).toThrow(
    '"command" is "GET x", and no command has spaces. The nearest is "command" "GET" with "key" "x".',
  )
})
